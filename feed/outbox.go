package feed

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"fantail/hub"
	"fantail/hub/websocket"
)

const (
	// outboxRoom is how many frames may wait to be sent behind the first ones.
	outboxRoom = 256
	// writeTimeout bounds the sending of one frame to a source that takes none.
	writeTimeout = 10 * time.Second
	// greetWait is how long an opening waits for its first frames to be sent. A
	// Config.SendRate may want more; the rest then goes while messages are read.
	greetWait = time.Second
)

// Rate bounds what is sent: Count frames within Per. Frames are spaced evenly,
// since a burst that the network holds up would be two bursts for the source.
// The zero value is no bound.
type Rate struct {
	Count int
	Per   time.Duration
}

// limiter returns the rate as a token bucket of one token, nil if there is no
// bound.
func (r Rate) limiter() *rate.Limiter {
	if r.Count == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Every(r.Per/time.Duration(r.Count)), 1)
}

// outbox sends text frames over one connection. Only write, in a goroutine of its
// own, sends: the first frames in order, then those that are queued, and the
// text ping. What waits for the rate holds up no reading.
type outbox struct {
	// Static after newOutbox.
	conn  *websocket.Conn
	first []string      // Config.Send
	ping  string        // Config.PingText; empty = none
	every time.Duration // between pings
	limit *rate.Limiter // nil = no bound; shared with the pongs and with other connections

	queue   chan string // never closed
	greeted chan error  // one value, once first was sent or could not be; never closed
}

func newOutbox(conn *websocket.Conn, first []string, cfg Config, limit *rate.Limiter) *outbox {
	return &outbox{
		conn: conn, first: first, ping: cfg.PingText, every: cfg.PingEvery, limit: limit,
		queue: make(chan string, outboxRoom), greeted: make(chan error, 1),
	}
}

// send queues a frame, if there is room. Any goroutine.
func (o *outbox) send(frame string) bool {
	select {
	case o.queue <- frame:
		return true
	default:
		return false
	}
}

// write sends until ctx ends, which is no error, or a frame cannot be sent.
func (o *outbox) write(ctx context.Context) error {
	for i, frame := range o.first {
		if err := o.put(ctx, frame); err != nil {
			err = fail(ReasonLost, "the connection broke while frame %d of FANTAIL_SOURCE_SEND was sent: %w", i+1, err)
			o.greeted <- err
			return err
		}
	}
	o.greeted <- nil
	tick, stop := ticker(o.ping != "", o.every)
	defer stop()
	for {
		frame := o.ping
		select {
		case <-ctx.Done():
			return nil
		case frame = <-o.queue:
		case <-tick:
		}
		if err := o.put(ctx, frame); err != nil && ctx.Err() == nil {
			return fail(ReasonLost, "the source does not take what is sent to it: %w", err)
		}
	}
}

// put sends one frame once the rate allows it. The end of ctx ends the wait, not
// the sending: half a frame would break the connection that is to be closed well.
func (o *outbox) put(ctx context.Context, frame string) error {
	if o.limit != nil {
		if err := o.limit.Wait(ctx); err != nil {
			return err
		}
	}
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return o.conn.Write(writing, hub.Text, []byte(frame))
}

// ticker returns the channel of a ticker and what stops it; one that never ticks
// if it is off.
func ticker(on bool, every time.Duration) (<-chan time.Time, func()) {
	if !on {
		return nil, func() {}
	}
	t := time.NewTicker(every)
	return t.C, t.Stop
}
