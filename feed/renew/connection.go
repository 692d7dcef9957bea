package renew

import (
	"context"

	"fantail/feed/driver"
	"fantail/feed/stage"
)

// activeConn is an open connection. Its goroutine reads it, lends one event at a time, and ends
// with the stream.
type activeConn struct {
	stream driver.Stream
	leave  context.CancelFunc // ends the stream as the end of Run does
	share  *stage.Share
	came   chan readResult // lends an event; never closed
	taken  chan struct{}   // gives the event back; never closed
}

// readResult is the result of a stream's Next.
type readResult struct {
	ev  driver.Event
	err error
}

// dialled is the result of an opening.
type dialled struct {
	stream driver.Stream
	leave  context.CancelFunc
	err    error
}

// dial opens a connection that lives until its leave is called or ctx ends.
func (s *stream) dial() dialled {
	ctx, leave := context.WithCancel(s.ctx)
	opened, err := s.source.Open(ctx)
	if err != nil {
		leave()
	}
	return dialled{opened, leave, err}
}

// dialBeside opens the next connection while the present one is read.
func (s *stream) dialBeside() {
	s.wg.Go(func() { // ends with the opening
		d := s.dial()
		if !offer(s.ctx, s.dialled, d) && d.err == nil {
			d.leave()
			d.stream.Close()
		}
	})
}

// read starts the goroutine that reads a connection.
func (s *stream) read(d dialled) *activeConn {
	c := &activeConn{d.stream, d.leave, s.cfg.IDs.Join(), make(chan readResult), make(chan struct{})}
	s.wg.Go(func() { // ends with ctx, or with the stream's failure, which leave causes
		for {
			ev, err := c.stream.Next()
			if !offer(s.ctx, c.came, readResult{ev, err}) || err != nil {
				return
			}
			if !offer(s.ctx, c.taken, struct{}{}) {
				return
			}
		}
	})
	return c
}

// results returns the channel of the connection's events. On that of nil nothing is received.
func (c *activeConn) results() <-chan readResult {
	if c == nil {
		return nil
	}
	return c.came
}

// drop closes a connection whose goroutine has ended. It does nothing for nil.
func (c *activeConn) drop() {
	if c != nil {
		c.leave()
		c.share.Leave()
		c.stream.Close()
	}
}

// offer sends v unless ctx ends first, and reports whether it did.
func offer[T any](ctx context.Context, to chan<- T, v T) bool {
	select {
	case to <- v:
		return true
	case <-ctx.Done():
		return false
	}
}
