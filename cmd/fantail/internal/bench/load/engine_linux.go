package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"golang.org/x/sys/unix"
)

// newEngine returns the cheapest engine for plain TCP: pollers, or goroutines if the
// system has no room for pollers.
func newEngine() engine {
	p, err := newPollers(shards())
	if err != nil {
		return newGoroutines()
	}
	return p
}

// pollers is the engine for plain TCP on Linux: a few loops around epoll.
type pollers struct {
	all []*poller
	wg  sync.WaitGroup
}

// poller reads its share of the connections in one goroutine. Each is
// registered edge-triggered and read until it is empty.
type poller struct {
	epoll int // static; closed by loop

	mu     sync.Mutex
	seats  []*seat // an event carries the index; grows only; guarded by mu
	closed bool    // guarded by mu
}

// seat is one connection of a poller.
type seat struct {
	fd int // owned by the loop; -1 once it is closed
	r  receiver
}

const (
	pollBuffer = 256 << 10 // bytes a read
	pollEvents = 512       // connections looked at before new ones are seen
	pollWait   = 50        // ms after which a poller looks whether it has to end
)

func newPollers(n int) (*pollers, error) {
	p := new(pollers)
	for range n {
		fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("epoll: %w", err)
		}
		one := &poller{epoll: fd}
		p.all = append(p.all, one)
		p.wg.Go(one.loop) // ended by close
	}
	return p, nil
}

func (p *pollers) add(shard int, conn net.Conn, r receiver, early []byte) error {
	if err := give(conn, r, early); err != nil {
		conn.Close()
		r.ended(err)
		return nil
	}
	fd, err := detach(conn)
	if err != nil {
		return err
	}
	return p.all[shard%len(p.all)].add(&seat{fd, r})
}

// detach takes the socket away from Go's own poller, which would handle each event a
// second time. It closes conn.
func detach(conn net.Conn) (fd int, err error) {
	defer conn.Close()
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return -1, fmt.Errorf("load: %T is no TCP connection", conn)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1, err
	}
	if e := raw.Control(func(s uintptr) { fd, err = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0) }); e != nil {
		return -1, e
	}
	return fd, err
}

func (p *poller) add(s *seat) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		unix.Close(s.fd)
		return net.ErrClosed
	}
	p.seats = append(p.seats, s)
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(len(p.seats) - 1)}
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, s.fd, &event)
}

// state returns what the loop needs.
func (p *poller) state() (seats []*seat, closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seats, p.closed
}

// loop reads until close, and then sends close frames.
func (p *poller) loop() {
	events, buf := make([]unix.EpollEvent, pollEvents), make([]byte, pollBuffer)
	for {
		n, err := unix.EpollWait(p.epoll, events, pollWait)
		seats, closed := p.state()
		if closed || err != nil && err != unix.EINTR {
			p.leave(seats)
			return
		}
		for _, e := range events[:max(n, 0)] {
			seats[e.Fd].read(buf)
		}
	}
}

// leave closes all that is open.
func (p *poller) leave(seats []*seat) {
	for _, s := range seats {
		if s.fd >= 0 {
			unix.Write(s.fd, goodbye()) // never blocks
			s.end(nil)
		}
	}
	unix.Close(p.epoll)
}

// read reads until the socket is empty or the connection at its end.
func (s *seat) read(buf []byte) {
	for s.fd >= 0 {
		n, err := unix.Read(s.fd, buf)
		switch {
		case err == unix.EAGAIN:
			return
		case err == unix.EINTR:
			continue
		case err != nil:
			s.end(err)
			return
		case n == 0:
			s.end(io.EOF)
			return
		}
		s.give(buf[:n])
		if n < len(buf) {
			return // empty; if it ends, an event of its own says so
		}
	}
}

// give hands b to the receiver and writes its reply. It drops a reply for which the
// socket has no room: that is a pong, and a later pong does as well.
func (s *seat) give(b []byte) {
	reply, err := s.r.take(b)
	if len(reply) > 0 {
		unix.Write(s.fd, reply)
	}
	if err != nil {
		s.end(err)
	}
}

func (s *seat) end(err error) {
	err = errors.Join(err, unix.Close(s.fd))
	s.fd = -1
	s.r.ended(err)
}

func (p *pollers) close() {
	for _, one := range p.all {
		one.mu.Lock()
		one.closed = true
		one.mu.Unlock()
	}
	p.wg.Wait()
}
