package ws

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/websocket"
)

const (
	// outboxRoom is how many frames may wait to be sent after the first ones.
	outboxRoom = 256
	// greetWait is how long an opening waits for its first frames to be sent. If the
	// rate wants more time, the rest is sent while messages are read.
	greetWait = time.Second
)

// outbox sends over one connection. Only write sends, in a goroutine of its own: the first
// frames in order, then queued frames, the text ping, and what others send to the source.
// Reading does not wait while a frame waits for the rate.
type outbox struct {
	// Static after newOutbox.
	conn  *websocket.Conn
	first []string         // Sending.Frames
	ping  string           // Sending.PingText; empty = none
	every time.Duration    // between text pings
	limit *rate.Limiter    // shared with the pongs and with other connections
	users *driver.Outgoing // nil = none; shared with other connections

	queue   chan string // never closed
	greeted chan error  // one value, once first was sent or could not be sent; never closed
}

func newOutbox(conn *websocket.Conn, first []string, o driver.Options, limit *rate.Limiter) *outbox {
	return &outbox{
		conn: conn, first: first, ping: o.PingText, every: o.PingEvery, limit: limit, users: o.Outgoing,
		queue: make(chan string, outboxRoom), greeted: make(chan error, 1),
	}
}

// send queues a frame and never waits. It reports whether there was room. Any goroutine may
// call it.
func (o *outbox) send(frame string) bool {
	select {
	case o.queue <- frame:
		return true
	default:
		return false
	}
}

// write sends until ctx ends or a frame cannot be sent. It returns nil if ctx has ended.
func (o *outbox) write(ctx context.Context) error {
	for i, frame := range o.first {
		err := o.put(ctx, frame)
		switch {
		case ctx.Err() != nil:
			o.greeted <- nil
			return nil
		case err != nil:
			err = driver.Fail(driver.ReasonLost, "the connection broke while frame %d of %v was sent: %w", i+1, driver.SettingFrames, err)
			o.greeted <- err
			return err
		}
	}
	o.greeted <- nil
	tick, stop := ticker(o.ping != "", o.every)
	defer stop()
	defer o.users.Join()()
	for ctx.Err() == nil {
		if err := o.turn(ctx, tick); err != nil && ctx.Err() == nil {
			return driver.Fail(driver.ReasonLost, "the source does not take the frames that are sent to it: %w", err)
		}
	}
	return nil
}

// turn sends the next frame. Frames of the source's protocol come before what others send.
func (o *outbox) turn(ctx context.Context, tick <-chan time.Time) error {
	select {
	case frame := <-o.queue:
		return o.put(ctx, frame)
	case <-tick:
		return o.put(ctx, o.ping)
	default:
	}
	select {
	case <-ctx.Done():
		return nil
	case frame := <-o.queue:
		return o.put(ctx, frame)
	case <-tick:
		return o.put(ctx, o.ping)
	case m := <-o.users.Waiting():
		return o.users.Forward(ctx, m, o.limit.Wait, o.emit)
	}
}

// put sends one text frame once the rate allows it.
func (o *outbox) put(ctx context.Context, frame string) error {
	if err := o.limit.Wait(ctx); err != nil {
		return err
	}
	return o.emit(ctx, hub.Text, []byte(frame))
}

// emit sends one message now. The end of ctx does not end the sending, because half a frame
// would make a proper close impossible.
func (o *outbox) emit(ctx context.Context, kind hub.Kind, payload []byte) error {
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), driver.WriteTimeout)
	defer cancel()
	return o.conn.Write(writing, kind, payload)
}

// ticker returns the channel of a ticker, and a function that stops it. If on is false the
// channel never ticks.
func ticker(on bool, every time.Duration) (<-chan time.Time, func()) {
	if !on {
		return nil, func() {}
	}
	t := time.NewTicker(every)
	return t.C, t.Stop
}
