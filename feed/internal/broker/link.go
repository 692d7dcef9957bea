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

// Link is the connection to a broker, below the broker's library. It counts reads, because
// any byte is a sign of life. Whatever gives the connection up closes the Link, so a library
// that dials again by itself gets a closed connection.
type Link struct {
	net.Conn
	reads  atomic.Uint64         // reads that brought bytes
	broke  atomic.Pointer[error] // the first error of a read
	Closed chan struct{}         // closed by Close
	close  func() error
}

// NewLink returns a link that closes conn.
func NewLink(conn net.Conn) *Link {
	l := &Link{Conn: conn, Closed: make(chan struct{})}
	l.close = sync.OnceValue(func() error { close(l.Closed); return conn.Close() })
	return l
}

// Close closes the connection. Any goroutine may call it, any number of times.
func (l *Link) Close() error { return l.close() }

// Read reads from the connection, counts the read, and remembers its first error.
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

// Dial connects to host:port, and performs the TLS handshake if secure is not nil. The end of
// ctx ends the attempt, not the link. Its error is a *driver.Failure.
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

// TLSFor returns a copy of cfg for a connection to the host of host:port. cfg may be nil.
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

// During runs a handshake that takes no context. The end of ctx closes the link, and ctx's
// error is then returned.
func (l *Link) During(ctx context.Context, handshake func() error) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	err := handshake()
	if !stop() && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
