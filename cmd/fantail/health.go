package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthTimeout is below the 3 s that probes commonly give.
const healthTimeout = 2 * time.Second

// healthCommand is the row of fantail health.
func healthCommand() command {
	return command{
		name:   "health",
		about:  "Ask the relay with this environment whether it is alive",
		detail: "It asks /healthz at FANTAIL_LISTEN. Exit code: 0 alive, 1 not.",
		setup:  plain(runHealth),
	}
}

// runHealth asks the relay that has the same environment whether it is alive. It
// looks at the two variables that say where the relay is, and at no other: a
// relay that runs is not unhealthy because a file went away since.
func runHealth(ctx context.Context, _ []string, std stdio) error {
	e := readEnvironment()
	p := newParser(e)
	listen := take(p, &e.Listen, parseListen)
	if len(p.problems) > 0 {
		return p.problems
	}
	url, client, err := healthTarget(listen, e.TLSCert != "")
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	if err := checkHealth(ctx, client, url); err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, "healthy:", url)
	return err
}

// healthTarget returns the URL of the relay that listens at listen and a client
// for it.
func healthTarget(listen string, useTLS bool) (string, *http.Client, error) {
	addr, conf, err := dialRelay(listen, useTLS)
	if err != nil {
		return "", nil, err
	}
	scheme := "http"
	if useTLS {
		scheme = "https"
	}
	t := &http.Transport{TLSClientConfig: conf} // no proxy
	return scheme + "://" + addr + "/healthz", &http.Client{Transport: t, Timeout: healthTimeout}, nil
}

// dialRelay returns the address at which to dial the relay that listens at
// listen, and how to verify its certificate; nil without TLS. The name in a
// certificate is hardly ever that of the loopback interface, and nobody else
// answers there: it is not verified there, and is anywhere else.
func dialRelay(listen string, useTLS bool) (addr string, conf *tls.Config, err error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", nil, err
	}
	if port == "0" {
		return "", nil, fmt.Errorf("FANTAIL_LISTEN=%s lets the system choose the port, so nobody else knows it; give it a port", listen)
	}
	host = reachable(host)
	if useTLS {
		conf = &tls.Config{InsecureSkipVerify: isLoopback(host)}
	}
	return net.JoinHostPort(host, port), conf, nil
}

// reachable returns the host to dial for one to listen on.
func reachable(host string) string {
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

// checkHealth returns nil if url answers 200.
func checkHealth(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("unhealthy: %w; is the relay running with this FANTAIL_LISTEN?", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("unhealthy: %s answered %s", url, resp.Status)
	}
	return nil
}
