package hub

import (
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

const plenty = math.MaxInt / 2 // room that no test uses up

// scriptConn is a Conn that takes what the test allows, and fails the test when
// the hub breaks the contract of Conn: overlapping calls, or any write after
// Close. WaitWritable parks on channels, so under synctest it is durably blocked.
type scriptConn struct {
	t testing.TB

	writing atomic.Bool
	waiting atomic.Bool
	wake    chan struct{} // one slot: there may be room; never closed
	done    chan struct{} // closed by Close

	// afterTry, if set, runs in WaitWritable between a successful try and its
	// return: where another goroutine may come in between.
	afterTry func()

	mu     sync.Mutex
	steps  []step // eaten before room counts
	room   int    // bytes that the socket takes at present
	got    []byte
	tries  int
	closed bool
	reset  bool
}

// step is the answer to one TryWrite: at most n bytes, then err.
type step struct {
	n   int
	err error
}

// newConn returns a Conn with room for so many bytes.
func newConn(t testing.TB, room int, steps ...step) *scriptConn {
	return &scriptConn{t: t, room: room, steps: steps, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (s *scriptConn) TryWrite(p []byte) (int, error) {
	if s.writing.Swap(true) {
		s.t.Error("two calls of TryWrite at once")
	}
	defer s.writing.Store(false)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.t.Error("TryWrite after Close")
	}
	s.tries++
	take, err := min(len(p), s.room), error(nil)
	if len(s.steps) > 0 {
		take, err = min(len(p), s.steps[0].n), s.steps[0].err
		s.steps = s.steps[1:]
	} else {
		s.room -= take
	}
	s.got = append(s.got, p[:take]...)
	return take, err
}

func (s *scriptConn) WaitWritable(try func() bool) error {
	if s.waiting.Swap(true) {
		s.t.Error("two calls of WaitWritable at once")
	}
	defer s.waiting.Store(false)
	for {
		select {
		case <-s.done:
			return net.ErrClosed
		default:
		}
		if try() {
			if s.afterTry != nil {
				s.afterTry()
			}
			return nil
		}
		select {
		case <-s.wake:
		case <-s.done:
		}
	}
}

func (s *scriptConn) Close(reset bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.t.Error("Close was called twice")
		return nil
	}
	s.closed, s.reset = true, reset
	close(s.done)
	return nil
}

// open makes room for n more bytes.
func (s *scriptConn) open(n int) {
	s.mu.Lock()
	s.room += n
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// shut takes all room away.
func (s *scriptConn) shut() {
	s.mu.Lock()
	s.room = 0
	s.mu.Unlock()
}

func (s *scriptConn) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *scriptConn) ended() (closed, reset bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed, s.reset
}

func (s *scriptConn) parked() bool { return s.waiting.Load() }

// nullConn takes everything and remembers nothing.
type nullConn struct{}

func (nullConn) TryWrite(p []byte) (int, error) { return len(p), nil }
func (nullConn) WaitWritable(try func() bool) error {
	try()
	return nil
}
func (nullConn) Close(bool) error { return nil }
