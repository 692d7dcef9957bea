package config

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
)

// Part returns the fields of a Config that LoadOnly is to read.
type Part func(*Config) []any

// Where is the part that says where the relay listens, and whether with TLS.
func Where(c *Config) []any { return []any{&c.Listen.Public, &c.Listen.Cert} }

// MessageSize is the part that bounds a message of the source.
func MessageSize(c *Config) []any { return []any{&c.Feed.Messages.MaxMessage} }

// LoadOnly reads some parts of this process's configuration and leaves all other fields
// zero. It reads no other variable, so that it finds a running relay even if a file of
// that relay's settings is gone. An error is of type Problems.
func LoadOnly(parts ...Part) (Config, error) {
	p := newParser(ReadEnvironment())
	var only []any
	for _, part := range parts {
		only = append(only, part(p.config)...)
	}
	p.parse(only...)
	return *p.config, p.err()
}

// TLS reports whether clients connect with TLS.
func (l Listen) TLS() bool { return l.Cert != "" }

// Local returns the address at which to dial the relay from its own machine, and the TLS
// configuration; nil without TLS. On the loopback interface it does not verify the
// certificate, which seldom names that interface, and no stranger answers there. Elsewhere
// it does.
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

// Reachable returns the host to dial for a host to listen on.
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
