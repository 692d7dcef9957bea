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

// queueLength is how many messages may wait for Next. It is never full, because the window
// holds fewer: a message has at least 15 bytes on the wire.
const queueLength = 1 << 16

// base is what both drivers share: the connection.
type base struct{ broker.Base }

// New returns the driver of nats://host: of a JetStream stream if the query names one, and
// else of subjects. Its errors never show the URL.
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

// connection is one connection. All its messages come through one queue, in the order in
// which NATS sent them. The library reads in a goroutine of its own.
type connection struct {
	// Static after connect.
	*nats.Conn
	window *window
	queue  chan *nats.Msg // never closed
	closed chan struct{}  // closed by the library when the connection is gone

	refused chan error // why NATS refused something after the opening; one slot, never closed
}

// connect opens a connection. It does not ask for messages yet.
func (d *base) connect(ctx context.Context) (*connection, error) {
	l, err := broker.Dial(ctx, d.Address, nil) // TLS comes after the server's greeting, so the library does it
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

// options returns the library's options. They switch off what supervision does, and make the
// library use our link.
func (d *base) options(c *connection) []nats.Option {
	o := []nats.Option{
		nats.Name("fantail"),
		nats.NoReconnect(),
		nats.SkipHostLookup(),
		nats.IgnoreDiscoveredServers(),
		nats.Timeout(driver.HandshakeTimeout),
		nats.SetCustomDialer(fixedDialer{c.window}),
		// The lifeline watches for silence. These pings make NATS answer.
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

// refuse notes an error that the library reports in a callback. The first of several errors is
// enough. A refused message is not noted, because its publisher gets the error.
func (c *connection) refuse(err error) {
	if isPublishRefusal(err) {
		return
	}
	select {
	case c.refused <- err:
	default:
	}
}

// close ends the connection, also one that is not open yet.
func (c *connection) close() {
	c.window.Close()
	if c.Conn != nil {
		c.Conn.Close()
	}
}

// granted waits until NATS has checked everything that was asked for. Its error says what
// NATS refused.
func (c *connection) granted() error {
	if err := c.FlushTimeout(driver.HandshakeTimeout); err != nil {
		return err
	}
	return c.LastError()
}

// errLate means that take's alarm went off.
var errLate = errors.New("nothing came in time")

// take returns the next message. When the connection is gone it first returns the messages
// that came before. The error is errLate, a refusal, or the library's.
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

// explainLoss tells a refusal from the end of the link.
func (d *base) explainLoss(life *broker.Lifeline, err error) (driver.Event, error) {
	switch {
	case errors.Is(err, nats.ErrPermissionViolation): // it is for one subject on demand; the others go on
		return driver.Gap(driver.Loss{Detail: d.explain(err)}), nil
	case errors.Is(err, nats.ErrSlowConsumer):
		return driver.Event{}, driver.Fail(driver.ReasonLost, "the queue to the relay was full, and messages of NATS were dropped")
	case err == nil:
		err = net.ErrClosed
	}
	return driver.Event{}, life.Explain(err)
}

// fixedDialer always returns the same connection.
type fixedDialer struct{ conn net.Conn }

func (d fixedDialer) Dial(string, string) (net.Conn, error) { return d.conn, nil }
func (d fixedDialer) SkipTLSHandshake() bool                { return false }

// explain turns an error of the library into a text that says what the operator can change.
func (d *base) explain(err error) *driver.Failure {
	text := redact.Clean(strings.TrimPrefix(err.Error(), "nats: "))
	_, record := errors.AsType[tls.RecordHeaderError](err)
	switch tlsFailure := dial.ExplainTLS(err); {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired):
		return driver.Fail(driver.ReasonHandshake, "NATS refused with %q; correct user and password in %v (%s://user:password@host), or the token (%s://token@host)", text, driver.SettingURL, d.Scheme, d.Scheme)
	case errors.Is(err, nats.ErrPermissionViolation), strings.Contains(strings.ToLower(text), "permissions violation"):
		return driver.Fail(driver.ReasonHandshake, "NATS refused with %q; allow the user of %v to subscribe to this, or name another user", text, driver.SettingURL)
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
