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
	// OutgoingWait is how long one message may wait. It is long enough for a planned
	// reconnect and a short queue. It is short because a sender that waits reads
	// nothing in that time.
	OutgoingWait = 2 * time.Second
)

// Errors of Outgoing.Send. The message was not sent, and will not be.
var (
	ErrAway = errors.New("feed: the source is away, so nothing can be sent to it")
	ErrBusy = setting.Errorf("feed: more is to be sent to the source than it takes; raise %v if the source allows that, or let clients send less", SettingRate)
)

// Outgoing is the queue of what others want to be sent to the source. All open connections
// of a feed take from it, each when it has time. So the least busy connection sends, each
// message is sent once, and a message that waits outlives a connection. A nil Outgoing is
// an empty queue, of which only Send and Forward must not be called. Any goroutine may call
// its methods.
type Outgoing struct {
	queue chan *Pending // never closed
	ended chan struct{} // closed by End
	takes atomic.Int32  // connections that take from the queue
}

// NewOutgoing returns an empty queue. End ends it.
func NewOutgoing() *Outgoing {
	return &Outgoing{queue: make(chan *Pending, outgoingRoom), ended: make(chan struct{})}
}

// Pending is a message on its way to the source. Either a connection takes it, or its
// sender takes it back. Both never happens.
type Pending struct {
	kind    hub.Kind
	payload []byte      // a copy; read by the connection that took it
	decided atomic.Bool // it was taken, or taken back
	done    chan error  // one value, from the connection that took it; never closed
}

// take decides what becomes of the message: a connection calls it to send the message, the
// sender to take it back. It reports whether this call decided. Any goroutine may call it.
func (m *Pending) take() bool { return m.decided.CompareAndSwap(false, true) }

// Send gives a message to the first connection that has time for it. It waits for at most
// OutgoingWait, also while the source reconnects. ErrAway and ErrBusy mean that the message
// was not sent and never will be. Any other error means the same, unless the connection
// broke while it sent the message. nil means that the connection has taken the message. The
// messages of one caller are sent in the order of its calls. The payload is copied.
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
		m.payload = nil // the message may stand in the queue for longer
		return o.why()
	}
	return nil // a connection is sending it
}

// Taking returns the number of connections that take messages.
func (o *Outgoing) Taking() int {
	if o == nil {
		return 0
	}
	return int(o.takes.Load())
}

// why returns the reason why a message was not taken.
func (o *Outgoing) why() error {
	if o.Taking() == 0 {
		return ErrAway
	}
	return ErrBusy
}

// Waiting returns the queue. A connection that receives from it calls Forward. Nothing is
// ever received from a nil Outgoing.
func (o *Outgoing) Waiting() <-chan *Pending {
	if o == nil {
		return nil
	}
	return o.queue
}

// Join counts a connection that takes messages, until leave is called. leave is called
// once.
func (o *Outgoing) Join() (leave func()) {
	if o == nil {
		return func() {}
	}
	o.takes.Add(1)
	return func() { o.takes.Add(-1) }
}

// Forward sends a message that was waiting: it calls await, which waits for the rate, and
// then emit. If the sender has given up by then, the next message in the queue is sent
// instead. The error is that of await or emit.
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

// giveBack puts a message back into the queue, because the connection ended before it had
// time. If the queue is full, the sender gives up after OutgoingWait.
func (o *Outgoing) giveBack(m *Pending) {
	select {
	case o.queue <- m:
	default:
	}
}

// End tells all senders that wait that nothing will be sent any more. It is called once.
func (o *Outgoing) End() {
	if o != nil {
		close(o.ended)
	}
}
