package feed

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/dial"
	"fantail/feed/internal/redact"
	"fantail/hub/setting"
)

// link is the connection to a broker, below the broker's library. It counts
// what arrives, since any byte is a sign of life, and it is what everybody
// closes who gives the connection up: a library that would dial again by itself
// finds the same closed line.
type link struct {
	net.Conn
	reads  atomic.Uint64         // that brought bytes
	broke  atomic.Pointer[error] // why a read failed at first
	closed chan struct{}         // closed by Close
	close  func() error
}

func newLink(conn net.Conn) *link {
	l := &link{Conn: conn, closed: make(chan struct{})}
	l.close = sync.OnceValue(func() error { close(l.closed); return conn.Close() })
	return l
}

// Close closes the connection. Any goroutine, any number of times.
func (l *link) Close() error { return l.close() }

func (l *link) Read(p []byte) (int, error) {
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
func dialLink(ctx context.Context, address string, secure *tls.Config) (*link, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, dial.ExplainNetwork(err)
	}
	if secure == nil {
		return newLink(conn), nil
	}
	t := tls.Client(conn, secure)
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, explainBrokerTLS(err)
	}
	driver.Report(ctx, dial.Certificate(t.ConnectionState(), time.Now()))
	return newLink(t), nil
}

// tlsFor returns cfg as it serves a connection to the host of host:port.
func tlsFor(address string, cfg *tls.Config) *tls.Config {
	if cfg == nil {
		cfg = new(tls.Config)
	}
	cfg = cfg.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(address)
	}
	return cfg
}

// explainBrokerTLS is explainTLS for schemes that are not WebSocket's.
func explainBrokerTLS(err error) *driver.Failure {
	_, record := errors.AsType[tls.RecordHeaderError](err)
	switch f := dial.ExplainTLS(err); {
	case record:
		return driver.Fail(driver.ReasonTLS, "the broker does not speak TLS at this port; use the scheme without TLS or another port in %v", driver.SettingURL)
	case f != nil:
		return f
	case dial.TimedOut(err):
		return driver.Fail(driver.ReasonTLS, "the broker did not finish the TLS handshake within %v; it hangs, or does not speak TLS at this port: use the scheme without TLS or another port in %v", driver.HandshakeTimeout, driver.SettingURL)
	case dial.HungUp(err):
		return driver.Fail(driver.ReasonTLS, "the broker closed the connection during the TLS handshake; use the scheme without TLS or another port in %v, or give it the certificate it wants", driver.SettingURL)
	}
	return dial.ExplainNetwork(err)
}

// during runs a handshake that knows no context: the end of ctx closes the line
// under it, and is then the error.
func (l *link) during(ctx context.Context, handshake func() error) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	err := handshake()
	if !stop() && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// lifeline ends an open line with its context, and when the broker gives no
// sign of life: none for one interval makes it ask, none for another makes it
// close the line. One goroutine beside the stream's.
type lifeline struct {
	// Static after newLifeline.
	*link
	every  time.Duration
	unhook func() bool     // keeps leave from being called
	left   chan struct{}   // closed when leave was called
	done   chan struct{}   // closed by end; ends watch
	ctx    context.Context // ends with end, for what else the stream runs
	cancel context.CancelFunc

	wg   sync.WaitGroup
	dead atomic.Bool // given up for its silence; set by watch
}

// newLifeline starts the watch. ask, if there is one, sends what the broker
// answers; it may block until the line is closed. The end of ctx calls leave,
// which says goodbye within CloseTimeout or just closes the line; nil does the
// latter.
func newLifeline(ctx context.Context, l *link, every time.Duration, ask func() error, leave func()) *lifeline {
	f := &lifeline{link: l, every: every, left: make(chan struct{}), done: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.unhook = context.AfterFunc(ctx, func() {
		defer close(f.left)
		if leave != nil {
			leave()
		}
		l.Close()
	})
	f.wg.Go(func() { f.watch(ask) }) // ended by end, or by a silent broker
	return f
}

func (f *lifeline) watch(ask func() error) {
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	seen, asked := f.reads.Load(), false
	for {
		select {
		case <-f.done:
			return
		case <-tick.C:
		}
		switch reads := f.reads.Load(); {
		case reads != seen:
			seen, asked = reads, false
		case asked:
			f.dead.Store(true)
			f.link.Close()
			return
		default:
			asked = true
			f.ask(ask)
		}
	}
}

// ask calls what asks the broker. One that takes no bytes either is given up
// after an interval.
func (f *lifeline) ask(ask func() error) {
	if ask == nil {
		return
	}
	late := time.AfterFunc(f.every, func() { f.dead.Store(true); f.link.Close() })
	defer late.Stop()
	if ask() != nil {
		f.link.Close() // the reader says why
	}
}

// end closes the line, unless a goodbye is under way that does it, and ends the
// watch.
func (f *lifeline) end() {
	if !f.unhook() {
		<-f.left
	}
	close(f.done)
	f.cancel()
	f.link.Close()
	f.wg.Wait()
}

// explain turns what ended the reading of an open line into a failure. err is
// what the library says, which may have forgotten what the line said.
func (f *lifeline) explain(err error) *driver.Failure {
	if broke := f.broke.Load(); broke != nil && !errors.Is(*broke, net.ErrClosed) {
		err = *broke
	}
	switch {
	case f.dead.Load():
		return driver.Fail(driver.ReasonPing, "the broker gave no sign of life for %v; look whether it hangs or is overloaded, or raise %v", 2*f.every, driver.SettingPing)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return driver.Fail(driver.ReasonLost, "the broker closed the connection: it stopped, or its log says why")
	case errors.Is(err, syscall.ECONNRESET):
		return driver.Fail(driver.ReasonLost, "the connection was reset; the broker was killed, or a firewall cut it")
	}
	return driver.Fail(driver.ReasonLost, "the connection broke: %w", err)
}

// explainBroker turns the failure of a broker's handshake into what the operator
// can change.
func explainBroker(err error) *driver.Failure {
	other := setting.Errorf("or another kind of server listens there: check scheme and port in %v", driver.SettingURL)
	if dial.HungUp(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return driver.Fail(driver.ReasonHandshake, "the broker closed the connection during the handshake; it may want TLS, %v", other)
	}
	op, network := errors.AsType[*net.OpError](err)
	switch {
	case network && op.Op == "dial", errors.Is(err, syscall.ECONNREFUSED):
		return dial.ExplainNetwork(err)
	case dial.TimedOut(err):
		return driver.Fail(driver.ReasonHandshake, "the broker took the connection but did not finish the handshake within %v; it hangs, %v", driver.HandshakeTimeout, other)
	case network:
		return dial.ExplainNetwork(err)
	}
	return driver.Fail(driver.ReasonHandshake, "the handshake failed (%s); the broker does not understand it, %v", redact.Clean(err.Error()), other)
}
