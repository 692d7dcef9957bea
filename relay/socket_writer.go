package relay

import (
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// writerBytes is how much a writer goroutine takes at a time: several TLS records, and
// no more than the hub puts into a batch.
const writerBytes = 64 << 10

// closeTime bounds how long the last bytes of an orderly end may take.
const closeTime = time.Second

var writerBuffers = sync.Pool{New: func() any { return new([writerBytes]byte) }}

// writerSocket writes to any net.Conn with one goroutine, which owns every byte from
// the moment TryWrite took it. The goroutine ends with Close, or with the first write
// that fails.
type writerSocket struct {
	conn net.Conn
	room chan struct{} // one slot: the writer has become idle; never closed
	work chan struct{} // one slot: there is something for the writer; never closed

	// guarded by mu
	mu      sync.Mutex
	buf     *[writerBytes]byte // being written, nil when idle
	n       int
	err     error
	closing bool
}

func newWriterSocket(c net.Conn) *writerSocket {
	s := &writerSocket{conn: c, room: make(chan struct{}, 1), work: make(chan struct{}, 1)}
	go s.write() // ended by Close
	return s
}

// TryWrite gives the writer up to writerBytes if it is idle.
func (s *writerSocket) TryWrite(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || s.buf != nil || len(p) == 0 {
		return 0, s.err
	}
	s.buf = writerBuffers.Get().(*[writerBytes]byte)
	s.n = copy(s.buf[:], p)
	signal(s.work)
	return s.n, nil
}

// WaitWritable calls try whenever the writer has become idle.
func (s *writerSocket) WaitWritable(try func() bool) error {
	for !try() {
		<-s.room
		if s.failed() {
			return net.ErrClosed
		}
	}
	return nil
}

// Close returns at once. With reset the connection is cut off. Otherwise the writer may
// finish what it took, and TLS may close its side, within closeTime.
func (s *writerSocket) Close(reset bool) error {
	s.mu.Lock()
	first := !s.closing
	s.closing, s.err = true, net.ErrClosed
	s.mu.Unlock()
	if !first {
		return nil
	}
	defer signal(s.room)
	defer signal(s.work)
	if reset {
		return closeConn(underTLS(s.conn), reset)
	}
	return s.conn.SetWriteDeadline(time.Now().Add(closeTime))
}

// write is the writer's goroutine.
func (s *writerSocket) write() {
	defer s.conn.Close()
	for range s.work {
		s.mu.Lock()
		buf, n, closing := s.buf, s.n, s.closing
		s.mu.Unlock()
		if buf != nil && !s.flush(buf, n) || closing {
			return
		}
	}
}

// flush writes one buffer. It reports whether the connection is still good.
func (s *writerSocket) flush(buf *[writerBytes]byte, n int) bool {
	_, err := s.conn.Write(buf[:n])
	writerBuffers.Put(buf)
	s.mu.Lock()
	s.buf = nil
	if s.err == nil {
		s.err = err
	}
	good := s.err == nil
	s.mu.Unlock()
	signal(s.room)
	return good
}

func (s *writerSocket) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}

func underTLS(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
