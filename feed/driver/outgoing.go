package driver

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"fantail/hub"
	"fantail/hub/setting"
)

const (
	// outgoingRoom is how many messages may wait to be sent to the source.
	outgoingRoom = 256
	// OutgoingWait is how long one may wait. It outlasts a planned reconnect and a
	// short queue; whoever waits reads nothing meanwhile.
	OutgoingWait = 2 * time.Second
)

// Errors of Outgoing.Send. The message was not sent, and will not be.
var (
	ErrAway = errors.New("feed: the source is away, so nothing can be sent to it")
	ErrBusy = setting.Errorf("feed: more is to be sent to the source than it takes; raise %v if the source allows that, or let clients send less", SettingRate)
)

// Outgoing is what waits to be sent to the source on behalf of others. All open
// connections of a feed take from the one queue, each when it has time: so the least
// busy one sends, every message is sent once, and one that waits outlives a
// connection. A nil Outgoing has none. Any goroutine.
type Outgoing struct {
	queue chan *Pending // never closed
	ended chan struct{} // closed by Run at its end
	takes atomic.Int32  // connections that take from the queue
}

// NewOutgoing returns an empty queue, which End ends.
func NewOutgoing() *Outgoing {
	return &Outgoing{queue: make(chan *Pending, outgoingRoom), ended: make(chan struct{})}
}

// Pending is a message on its way to the source. Either a connection takes it, or its
// sender takes it back; never both.
type Pending struct {
	kind    hub.Kind
	payload []byte      // its own; read by the connection that took it
	decided atomic.Bool // taken, or taken back
	done    chan error  // one value, by the connection that took it; never closed
}

// take decides that a connection sends it, or that nobody does, and reports
// whether this call decided. Any goroutine.
func (m *Pending) take() bool { return m.decided.CompareAndSwap(false, true) }

// Send has a message sent by the first connection that has time for it. It waits for
// that, for two seconds at most, over a reconnect too. An error, ErrAway or ErrBusy,
// means that the message was not sent and will not be; so does any other unless the
// connection broke while it was sent. Without an error the connection has taken it.
// One caller's messages are sent in the order of its calls. The payload is copied.
func (o *Outgoing) Send(kind hub.Kind, payload []byte) error {
	m := &Pending{kind: kind, payload: bytes.Clone(payload), done: make(chan error, 1)}
	select {
	case o.queue <- m:
	default:
		return o.why()
	}
	late := time.NewTimer(OutgoingWait)
	defer late.Stop()
	select {
	case err := <-m.done:
		return err
	case <-o.ended:
	case <-late.C:
	}
	if m.take() {
		m.payload = nil // it may stand in the queue for longer
		return o.why()
	}
	return nil // a connection is at it
}

// Taking returns how many connections take messages.
func (o *Outgoing) Taking() int {
	if o == nil {
		return 0
	}
	return int(o.takes.Load())
}

// why says why a message was not taken.
func (o *Outgoing) why() error {
	if o.Taking() == 0 {
		return ErrAway
	}
	return ErrBusy
}

// Waiting returns the queue, for a connection that then calls Forward. Nothing is ever
// in that of a nil Outgoing.
func (o *Outgoing) Waiting() <-chan *Pending {
	if o == nil {
		return nil
	}
	return o.queue
}

// Join notes that a connection takes messages, until leave is called.
func (o *Outgoing) Join() (leave func()) {
	if o == nil {
		return func() {}
	}
	o.takes.Add(1)
	return func() { o.takes.Add(-1) }
}

// Forward has emit send a message that was waiting, once await lets it. If its sender
// has given up by then, the next one that waits has the turn. Its error is that of
// await or emit.
func (o *Outgoing) Forward(ctx context.Context, m *Pending, await func(context.Context) error,
	emit func(context.Context, hub.Kind, []byte) error) error {
	if m.decided.Load() {
		return nil
	}
	if err := await(ctx); err != nil {
		o.giveBack(m)
		return err
	}
	for !m.take() {
		select {
		case m = <-o.queue:
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
func (o *Outgoing) giveBack(m *Pending) {
	select {
	case o.queue <- m:
	default:
	}
}

// End tells those who wait that nothing is sent any more. It is called once.
func (o *Outgoing) End() {
	if o != nil {
		close(o.ended)
	}
}
