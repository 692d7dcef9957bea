package sourcetest

import (
	"bufio"
	"net"
	"time"

	"fantail/hub/websocket"
)

// latency is the time that a server takes to answer. A subscriber that does not wait for
// the answer is caught within it.
const latency = 20 * time.Millisecond

// session is one connection.
type session struct {
	// Static.
	srv    *Server
	p      *Protocol
	conn   net.Conn
	number int
	heard  chan frame    // closed by the reader at the end of the connection
	poke   chan struct{} // one slot: out is not empty; never closed

	// Guarded by srv.mu.
	record  Session
	listens bool
	out     []string

	// Owned by run.
	schedule schedule
	step     int // how much of Talk was said
	owed     int // answers under way
	query    string
	frames   window // of the subscriber
}

func newSession(s *Server, conn net.Conn, number int) *session {
	return &session{
		srv: s, p: &s.cfg.Protocol, conn: conn, number: number,
		heard: make(chan frame), poke: make(chan struct{}, 1),
		record: Session{Opened: time.Now()}, frames: window{rate: s.cfg.Protocol.Rate},
	}
}

// run serves the connection until it ends.
func (n *session) run() {
	n.srv.ended(n, n.serve())
	n.conn.Close()
}

func (n *session) serve() error {
	stop := make(chan struct{})
	watched := make(chan struct{})
	go func() { // ended by stop or by done
		defer close(watched)
		select {
		case <-stop:
		case <-n.srv.done:
			n.conn.Close()
		}
	}()
	defer func() { close(stop); <-watched }()

	r := bufio.NewReader(n.conn)
	req, err := n.p.upgrade(r, n.conn)
	if err != nil {
		return orLeft(err)
	}
	n.query = req.URL.RawQuery
	reading := make(chan struct{})
	go func() { defer close(reading); n.read(r) }() // ended by closing the connection
	defer func() {
		n.conn.Close()
		for range n.heard { // the reader must not wait
		}
		<-reading
	}()
	n.begin()
	return n.act()
}

// orLeft returns ErrLeft for an error of the connection.
func orLeft(err error) error {
	if isBreach(err) {
		return err
	}
	return ErrLeft
}

// read hands frame after frame to act.
func (n *session) read(r *bufio.Reader) {
	defer close(n.heard)
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		n.heard <- f
	}
}

// act is the session's only loop. Everything happens in it.
func (n *session) act() error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(n.schedule.wait(time.Now()))
		var err error
		select {
		case f, open := <-n.heard:
			if !open {
				return ErrLeft
			}
			err = n.hear(f)
		case <-n.poke:
			err = n.flush()
		case <-timer.C:
			err = n.schedule.run(time.Now())
		case <-n.srv.done:
			err = errClosed
		}
		if err != nil {
			return err
		}
	}
}

// pushLocked queues a frame. The caller holds srv.mu.
func (n *session) pushLocked(text string) {
	n.out = append(n.out, text)
	select {
	case n.poke <- struct{}{}:
	default:
	}
}

// flush sends the queued frames.
func (n *session) flush() error {
	n.srv.mu.Lock()
	out := n.out
	n.out = nil
	n.srv.mu.Unlock()
	return n.say(out...)
}

// say sends text frames at once.
func (n *session) say(frames ...string) error {
	for _, text := range frames {
		if err := n.write(websocket.OpText, text); err != nil {
			return err
		}
	}
	return nil
}

func (n *session) write(opcode byte, payload string) error {
	if _, err := n.conn.Write(appendFrame(nil, opcode, payload)); err != nil {
		return ErrLeft
	}
	if opcode == websocket.OpText {
		n.busy()
	}
	return nil
}

// close sends a close frame. run closes the connection.
func (n *session) close(code uint16, reason string) {
	n.conn.Write(websocket.AppendClose(nil, code, reason))
}
