// Package nettest has addresses and listeners for tests.
package nettest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// FreeAddr returns an address of the loopback interface on which nothing listens. Its
// port is below those that the system gives to outgoing connections and to listeners
// that ask for any port. So hardly anything takes it before the caller does, or while
// the caller's server is restarted.
func FreeAddr(t testing.TB) string {
	t.Helper()
	var err error
	for range 1000 {
		addr := fmt.Sprint("127.0.0.1:", 12000+rand.IntN(20000))
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal(err)
	return ""
}

// Pipes is a listener for connections within the process. In a synctest bubble all
// that happens over them takes no time. Its methods may be called by any goroutine.
type Pipes struct {
	conns  chan net.Conn // never closed
	closed chan struct{} // closed by Close
	close  func()
}

// NewPipes returns a listener that accepts until Close.
func NewPipes() *Pipes {
	p := &Pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.closed) })
	return p
}

// Dial connects to the listener and ignores the address. It waits until the connection is
// accepted.
func (p *Pipes) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *Pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *Pipes) Close() error { p.close(); return nil }

// Addr implements net.Listener.
func (p *Pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }
