package feed

import (
	"bytes"
	"context"
	"errors"
	"fantail/hub/setting"
	"sync/atomic"
	"time"

	"fantail/hub"
)

const (
	// uplinkRoom is how many messages may wait to be sent to the source.
	uplinkRoom = 256
	// uplinkWait is how long one may wait. It outlasts a planned reconnect and
	// a short queue; whoever waits reads nothing meanwhile.
	uplinkWait = 2 * time.Second
)

// Errors of Send. The message was not sent, and will not be.
var (
	ErrAway   = errors.New("feed: the source is away, so nothing can be sent to it")
	ErrBusy   = setting.Errorf("feed: more is to be sent to the source than it takes; raise %v if the source allows that, or let clients send less", SettingRate)
	ErrUplink = errors.New("feed: Config.Uplink is off")
)

// Send has a message sent to the source by the first of its connections that has
// time for it. It waits for that, for two seconds at most, over a reconnect too.
// An error, ErrAway or ErrBusy, means that the message was not sent and will not
// be; so does any other unless the connection broke while it was sent. Without
// an error the connection has taken it; only an answer of the source's says more.
// One caller's messages are sent in the order of its calls. The payload is
// copied. Any goroutine.
func (f *Feed) Send(kind hub.Kind, payload []byte) error {
	if f.uplink == nil {
		return ErrUplink
	}
	return f.uplink.send(kind, payload)
}

// uplink is what waits to be sent to the source. All open connections of a feed
// take from the one queue, each when it has time: so the least busy one sends,
// every message is sent once, and one that waits outlives a connection.
type uplink struct {
	queue chan *outgoing // never closed
	ended chan struct{}  // closed by Run at its end
	takes atomic.Int32   // connections that take from the queue
}

func newUplink() *uplink {
	return &uplink{queue: make(chan *outgoing, uplinkRoom), ended: make(chan struct{})}
}

// outgoing is a message on its way to the source. Either a connection takes it,
// or its sender takes it back; never both.
type outgoing struct {
	kind    hub.Kind
	payload []byte      // its own; read by the connection that took it
	decided atomic.Bool // taken, or taken back
	done    chan error  // one value, by the connection that took it; never closed
}

// take decides that a connection sends it, or that nobody does, and reports
// whether this call decided. Any goroutine.
func (m *outgoing) take() bool { return m.decided.CompareAndSwap(false, true) }

// send is Send.
func (u *uplink) send(kind hub.Kind, payload []byte) error {
	m := &outgoing{kind: kind, payload: bytes.Clone(payload), done: make(chan error, 1)}
	select {
	case u.queue <- m:
	default:
		return u.why()
	}
	late := time.NewTimer(uplinkWait)
	defer late.Stop()
	select {
	case err := <-m.done:
		return err
	case <-u.ended:
	case <-late.C:
	}
	if m.take() {
		m.payload = nil // it may stand in the queue for longer
		return u.why()
	}
	return nil // a connection is at it
}

// why says why a message was not taken.
func (u *uplink) why() error {
	if u.takes.Load() == 0 {
		return ErrAway
	}
	return ErrBusy
}

// waiting returns the queue; one in which nothing ever is if there is no uplink.
func (u *uplink) waiting() <-chan *outgoing {
	if u == nil {
		return nil
	}
	return u.queue
}

// join notes that a connection takes messages, until leave is called.
func (u *uplink) join() (leave func()) {
	if u == nil {
		return func() {}
	}
	u.takes.Add(1)
	return func() { u.takes.Add(-1) }
}

// forward has emit send a message that was waiting, once await lets it. If its
// sender has given up by then, the next one that waits has the turn. Any goroutine.
func (u *uplink) forward(ctx context.Context, m *outgoing, await func(context.Context) error,
	emit func(context.Context, hub.Kind, []byte) error) error {
	if m.decided.Load() {
		return nil
	}
	if err := await(ctx); err != nil {
		u.giveBack(m)
		return err
	}
	for !m.take() {
		select {
		case m = <-u.queue:
		default:
			return nil
		}
	}
	err := emit(ctx, m.kind, m.payload)
	m.done <- err
	return err
}

// giveBack puts a message back that a connection had no time for before its end.
// If there is no room, the sender's patience ends it.
func (u *uplink) giveBack(m *outgoing) {
	select {
	case u.queue <- m:
	default:
	}
}

// end tells those who wait that nothing is sent any more.
func (u *uplink) end() {
	if u != nil {
		close(u.ended)
	}
}

// checkUplink reports an uplink to a source that takes nothing.
func checkUplink(cfg Config, s scheme, d driver) error {
	if cfg.uplink == nil || d == nil {
		return nil
	}
	f, ok := d.(Forwarder)
	if !ok {
		return setting.Errorf("feed: %v is set, but nothing can be sent to a %s: source; unset it", SettingUplink, s.name)
	}
	return f.Forwards()
}
