package nats

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
	"fantail/feed/internal/dial"
	"fantail/feed/internal/redact"
)

// queueLength is how many messages may wait for next. The window keeps fewer in
// it: a message is 15 bytes on the wire at least.
const queueLength = 1 << 16

// base is what both ways of reading NATS share: the connection.
type base struct{ broker.Base }

// newNATS makes the driver of nats://host: of a JetStream stream if the query
// names one, else of subjects.
func New(o driver.Options) (driver.Driver, error) {
	b, err := broker.New(o, "4222")
	if err != nil {
		return nil, err
	}
	d := base{b}
	var errPath error
	if d.Path != "" {
		errPath = fmt.Errorf("feed: the source URL has the path %.40q; write %s://host?…", d.Path, d.Scheme)
	}
	if _, isStream := d.Query.Values["stream"]; isStream {
		s, err := newStreamSource(d)
		return s, errors.Join(errPath, err)
	}
	s, err := newSubjectSource(d)
	return s, errors.Join(errPath, err)
}

// connection is one connection, whose messages all come by one queue in the order
// in which NATS sent them. The library reads in a goroutine of its own.
type connection struct {
	// Static after connect.
	*nats.Conn
	window *window
	queue  chan *nats.Msg // never closed
	closed chan struct{}  // closed by the library when the connection is gone

	refused chan error // what NATS refused later; one slot, never closed
}

// connect opens a connection and asks for nothing yet.
func (d *base) connect(ctx context.Context) (*connection, error) {
	l, err := broker.Dial(ctx, d.Address, nil) // TLS comes after the server's greeting, so it is the library's
	if err != nil {
		return nil, err
	}
	c := &connection{queue: make(chan *nats.Msg, queueLength), closed: make(chan struct{}), refused: make(chan error, 1)}
	c.window = newWindow(l, func() int { return len(c.queue) })
	err = l.During(ctx, func() (err error) {
		c.Conn, err = nats.Connect("nats://"+d.Address, d.options(c)...)
		return err
	})
	if err != nil {
		c.close()
		return nil, d.explain(err)
	}
	if state, err := c.TLSConnectionState(); err == nil {
		driver.Report(ctx, dial.Certificate(state, time.Now()))
	}
	return c, nil
}

// options switch off what supervision does, and have the library use our line.
func (d *base) options(c *connection) []nats.Option {
	o := []nats.Option{
		nats.Name("fantail"),
		nats.NoReconnect(),
		nats.SkipHostLookup(),
		nats.IgnoreDiscoveredServers(),
		nats.Timeout(driver.HandshakeTimeout),
		nats.SetCustomDialer(fixedDialer{c.window}),
		// The lifeline judges silence; these pings have NATS answer.
		nats.PingInterval(max(d.Options.Ping/2, time.Millisecond)),
		nats.MaxPingsOutstanding(1 << 20),
		nats.ClosedHandler(func(*nats.Conn) { close(c.closed) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.refuse(err) }),
	}
	if d.Scheme == "tls+nats" {
		o = append(o, nats.Secure(broker.TLSFor(d.Address, d.Options.TLS)))
	}
	switch {
	case d.Password != "":
		o = append(o, nats.UserInfo(d.User, d.Password))
	case d.User != "":
		o = append(o, nats.Token(d.User))
	}
	return o
}

// refuse notes an error that the library reports out of line; the first of
// several is enough. Who publishes learns by himself what is refused of that.
func (c *connection) refuse(err error) {
	if isPublishRefusal(err) {
		return
	}
	select {
	case c.refused <- err:
	default:
	}
}

// close ends the connection, however far it got.
func (c *connection) close() {
	c.window.Close()
	if c.Conn != nil {
		c.Conn.Close()
	}
}

// granted waits until NATS has looked at all that was asked for, and returns what
// it refused.
func (c *connection) granted() error {
	if err := c.FlushTimeout(driver.HandshakeTimeout); err != nil {
		return err
	}
	return c.LastError()
}

// errLate is what take returns when its alarm rings.
var errLate = errors.New("nothing came in time")

// take returns the next message. When the connection is gone it first returns
// those that had come.
func (c *connection) take(alarm <-chan time.Time) (*nats.Msg, error) {
	select {
	case m := <-c.queue:
		return m, nil
	default:
		c.window.empty()
	}
	select {
	case m := <-c.queue:
		return m, nil
	case err := <-c.refused:
		return nil, err
	case <-alarm:
		return nil, errLate
	case <-c.closed:
	}
	select {
	case m := <-c.queue:
		return m, nil
	default:
		return nil, c.LastError()
	}
}

// explainLoss tells a refusal from the end of the line.
func (d *base) explainLoss(life *broker.Lifeline, err error) (driver.Event, error) {
	switch {
	case errors.Is(err, nats.ErrPermissionViolation): // of one subject on demand; the others go on
		return driver.Gap(driver.Loss{Detail: d.explain(err)}), nil
	case errors.Is(err, nats.ErrSlowConsumer):
		return driver.Event{}, driver.Fail(driver.ReasonLost, "the queue to the relay was full, and messages of NATS were dropped")
	case err == nil:
		err = net.ErrClosed
	}
	return driver.Event{}, life.Explain(err)
}

// fixedDialer gives the library the one connection there is.
type fixedDialer struct{ conn net.Conn }

func (d fixedDialer) Dial(string, string) (net.Conn, error) { return d.conn, nil }
func (d fixedDialer) SkipTLSHandshake() bool                { return false }

// explain turns an error of the library into what the operator can change.
func (d *base) explain(err error) *driver.Failure {
	text := redact.Clean(strings.TrimPrefix(err.Error(), "nats: "))
	_, record := errors.AsType[tls.RecordHeaderError](err)
	switch tlsFailure := dial.ExplainTLS(err); {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired):
		return driver.Fail(driver.ReasonHandshake, "NATS refused with %q; correct user and password in %v (%s://user:password@host), or the token (%s://token@host)", text, driver.SettingURL, d.Scheme, d.Scheme)
	case errors.Is(err, nats.ErrPermissionViolation), strings.Contains(strings.ToLower(text), "permissions violation"):
		return driver.Fail(driver.ReasonHandshake, "NATS refused with %q; have the user of %v allowed to subscribe to this, or name another user", text, driver.SettingURL)
	case errors.Is(err, nats.ErrSecureConnRequired):
		return driver.Fail(driver.ReasonTLS, "NATS wants TLS; write tls+nats:// in %v", driver.SettingURL)
	case errors.Is(err, nats.ErrSecureConnWanted), record:
		return driver.Fail(driver.ReasonTLS, "NATS offers no TLS at this port; write nats:// in %v, or another port", driver.SettingURL)
	case tlsFailure != nil:
		return tlsFailure
	case errors.Is(err, nats.ErrTimeout):
		return dial.ExplainNetwork(context.DeadlineExceeded)
	case errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrConnectionClosed):
		return broker.Explain(net.ErrClosed)
	}
	return broker.Explain(err)
}
