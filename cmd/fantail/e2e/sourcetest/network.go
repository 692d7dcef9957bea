package sourcetest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// Network stands in for the internet. A connection to a feed's own address arrives at
// its Server, over TLS for wss, so that a test uses a source's configuration as it is
// written. Any goroutine may call its methods.
type Network struct {
	// Static.
	authority *authority
	servers   map[string]*Server // by host:port
	tls       map[string]bool    // the same: wss

	wg sync.WaitGroup // for proxied connections that have not reached their server yet
}

// NewNetwork returns a network of these servers. It fails if the URL of a protocol cannot
// be parsed.
func NewNetwork(servers ...*Server) (*Network, error) {
	a, err := newAuthority()
	if err != nil {
		return nil, err
	}
	w := &Network{authority: a, servers: make(map[string]*Server), tls: make(map[string]bool)}
	for _, s := range servers {
		u, err := url.Parse(s.cfg.Protocol.URL)
		if err != nil {
			return nil, err
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
		}
		address := net.JoinHostPort(u.Hostname(), port)
		w.servers[address], w.tls[address] = s, u.Scheme == "wss"
	}
	return w, nil
}

// TLS returns the configuration of a client that trusts the network's authority.
func (w *Network) TLS() *tls.Config { return &tls.Config{RootCAs: w.authority.pool} }

// Certificate returns the authority's certificate as the content of a PEM file.
func (w *Network) Certificate() []byte { return w.authority.pem }

// Dial connects in memory as [net.Dialer.DialContext] does over TCP.
func (w *Network) Dial(_ context.Context, _, address string) (net.Conn, error) {
	near, far := newWire()
	if err := w.serve(address, far); err != nil {
		return nil, err
	}
	return near, nil
}

// serve gives a connection to the server of the address.
func (w *Network) serve(address string, conn net.Conn) error {
	s, known := w.servers[address]
	if !known {
		conn.Close()
		return fmt.Errorf("sourcetest: nobody listens on %s", address)
	}
	if w.tls[address] {
		host, _, _ := net.SplitHostPort(address)
		own, err := w.authority.certify(host)
		if err != nil {
			conn.Close()
			return err
		}
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{own}})
	}
	s.Serve(conn)
	return nil
}

// Proxy serves a listener as an HTTP proxy that knows CONNECT (RFC 9110 section 9.3.6),
// for programs in other processes. It returns when the listener is closed and no request
// is being answered.
func (w *Network) Proxy(l net.Listener) error {
	defer w.wg.Wait()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		w.wg.Go(func() { w.connect(conn) }) // ended by the request that it waits for
	}
}

// connect answers one CONNECT.
func (w *Network) connect(conn net.Conn) {
	r := bufio.NewReader(conn)
	req, err := http.ReadRequest(r)
	if err != nil || req.Method != http.MethodConnect || w.servers[req.Host] == nil {
		fmt.Fprint(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		conn.Close()
		return
	}
	fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n\r\n")
	w.serve(req.Host, conn)
}
