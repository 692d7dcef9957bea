package feed

import (
	"context"

	"fantail/feed/driver"
	"fantail/feed/stage"
)

// dialled is what an opening led to.
type dialled struct {
	stream driver.Stream
	leave  context.CancelFunc // ends the stream as the end of Run does
	err    error
}

// reading is an open connection. Its goroutine ends with the stream.
type reading struct {
	stream driver.Stream
	leave  context.CancelFunc
	share  *stage.Share
	came   chan arrival  // never closed
	taken  chan struct{} // the message is given back; never closed
}

// arrival is what a stream's next returned.
type arrival struct {
	ev  driver.Event
	err error
}

// dial opens a connection that lives until its leave is called or ctx ends.
func (s *renewedStream) dial() dialled {
	ctx, leave := context.WithCancel(s.ctx)
	opened, err := s.of.Driver.Open(ctx)
	if err != nil {
		leave()
	}
	return dialled{opened, leave, err}
}

// start reads a connection.
func (s *renewedStream) start(d dialled) *reading {
	r := &reading{d.stream, d.leave, s.of.ids.Join(), make(chan arrival), make(chan struct{})}
	s.wg.Go(func() { // ends with the stream's failure, which leave brings about, or with ctx
		for {
			ev, err := r.stream.Next()
			if !offer(s.ctx, r.came, arrival{ev, err}) || err != nil {
				return
			}
			if !offer(s.ctx, r.taken, struct{}{}) {
				return
			}
		}
	})
	return r
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
