package broker

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/dial"
)

// Link is the connection to a broker, below the broker's library. It counts
// what arrives, since any byte is a sign of life, and it is what everybody
// closes who gives the connection up: a library that would dial again by itself
// finds the same closed line.
type Link struct {
	net.Conn
	reads  atomic.Uint64         // that brought bytes
	broke  atomic.Pointer[error] // why a read failed at first
	Closed chan struct{}         // closed by Close
	close  func() error
}

func NewLink(conn net.Conn) *Link {
	l := &Link{Conn: conn, Closed: make(chan struct{})}
	l.close = sync.OnceValue(func() error { close(l.Closed); return conn.Close() })
	return l
}

// Close closes the connection. Any goroutine, any number of times.
func (l *Link) Close() error { return l.close() }

func (l *Link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.reads.Add(1)
	}
	if err != nil {
		l.broke.CompareAndSwap(nil, &err)
	}
	return n, err
}

// dialLine connects to host:port, and performs the TLS handshake if secure is
// not nil. The end of ctx ends the attempt, not the line.
func Dial(ctx context.Context, address string, secure *tls.Config) (*Link, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, dial.ExplainNetwork(err)
	}
	if secure == nil {
		return NewLink(conn), nil
	}
	t := tls.Client(conn, secure)
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, explainTLS(err)
	}
	driver.Report(ctx, dial.Certificate(t.ConnectionState(), time.Now()))
	return NewLink(t), nil
}

// TLSFor returns cfg as it serves a connection to the host of host:port.
func TLSFor(address string, cfg *tls.Config) *tls.Config {
	if cfg == nil {
		cfg = new(tls.Config)
	}
	cfg = cfg.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(address)
	}
	return cfg
}

// During runs a handshake that knows no context: the end of ctx closes the line
// under it, and is then the error.
func (l *Link) During(ctx context.Context, handshake func() error) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	err := handshake()
	if !stop() && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
