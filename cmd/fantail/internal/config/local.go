package config

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
)

// LoadListen reads where the relay that has this environment listens, and whether
// it does so by TLS: Listen and TLSCert alone. It looks at no other variable, so a
// relay that runs is found even if a file that it was started with is gone.
func LoadListen() (Config, error) {
	return loadOnly(func(e *Environment) []*string { return []*string{&e.Listen, &e.TLSCert} })
}

// LoadMaxMessage reads SourceMaxMessage alone.
func LoadMaxMessage() (Config, error) {
	return loadOnly(func(e *Environment) []*string { return []*string{&e.SourceMaxMessage} })
}

// LoadListenAndMaxMessage reads what loadListen and loadMaxMessage do.
func LoadListenAndMaxMessage() (Config, error) {
	return loadOnly(func(e *Environment) []*string { return []*string{&e.Listen, &e.TLSCert, &e.SourceMaxMessage} })
}

// loadOnly reads some variables. All other fields are zero.
func loadOnly(fields func(*Environment) []*string) (Config, error) {
	e := ReadEnvironment()
	p := newParser(e)
	p.only = fields(e)
	c := p.parse(e)
	return c, p.err()
}

// DialRelay returns the address at which to dial the relay that listens at
// listen, and how to verify its certificate; nil without TLS. The name in a
// certificate is hardly ever that of the loopback interface, and nobody else
// answers there: it is not verified there, and is anywhere else.
func DialRelay(listen string, useTLS bool) (addr string, conf *tls.Config, err error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", nil, err
	}
	if port == "0" {
		return "", nil, fmt.Errorf("FANTAIL_LISTEN=%s lets the system choose the port, so nobody else knows it; give it a port", listen)
	}
	host = Reachable(host)
	if useTLS {
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
