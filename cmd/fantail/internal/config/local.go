package config

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
)

// Part names fields of a Config, for LoadOnly.
type Part func(*Config) []any

// Where is where the relay listens, and whether by TLS.
func Where(c *Config) []any { return []any{&c.Listen.Public, &c.Listen.Cert} }

// MessageSize is the longest message of the source.
func MessageSize(c *Config) []any { return []any{&c.Feed.MaxMessage} }

// LoadOnly reads some fields of this process's configuration. It looks at no other
// variable, so that a relay that runs is found even if a file that it was started
// with is gone. An error is of type Problems.
func LoadOnly(parts ...Part) (Config, error) {
	p := newParser(ReadEnvironment())
	var only []any
	for _, part := range parts {
		only = append(only, part(p.config)...)
	}
	p.parse(only...)
	return *p.config, p.err()
}

// TLS says whether clients connect by TLS.
func (l Listen) TLS() bool { return l.Cert != "" }

// Local returns the address at which to dial the relay from its own machine, and how
// to verify its certificate; nil without TLS. The name in a certificate is hardly ever
// that of the loopback interface, and nobody else answers there: it is not verified
// there, and is anywhere else.
func (l Listen) Local() (addr string, conf *tls.Config, err error) {
	host, port, err := net.SplitHostPort(l.Public)
	if err != nil {
		return "", nil, err
	}
	if port == "0" {
		return "", nil, fmt.Errorf("FANTAIL_LISTEN=%s lets the system choose the port, so nobody else knows it; give it a port", l.Public)
	}
	host = Reachable(host)
	if l.TLS() {
		conf = &tls.Config{InsecureSkipVerify: isLoopback(host)}
	}
	return net.JoinHostPort(host, port), conf, nil
}

// Reachable returns the host to dial for one to listen on.
func Reachable(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "", err == nil && ip.IsUnspecified() && ip.Is4():
		return "127.0.0.1"
	case err == nil && ip.IsUnspecified():
		return "::1"
	}
	return host
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
