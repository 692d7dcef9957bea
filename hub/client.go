package hub

import (
	"sync"
	"sync/atomic"
	"time"
)

// Client is one downstream connection: a cursor into the ring, never a copy of
// it. All its methods may be called by any goroutine at any time.
type Client struct {
	// The first 64 bytes are what a delivery touches.

	// guarded by mu
	mu      sync.Mutex
	special bool   // something but plain data is to be looked at: slow path
	closed  bool   // Close was called: the connection is not ours any more
	drainer bool   // a drainer writes; the pump keeps away
	spoke   bool   // something was written since the sweep last looked
	seq     uint64 // sequence of the last message wholly written, or known not to be wanted

	cursor atomic.Uint64 // slot of the first message not wholly written; stored under mu

	// static after Join
	conn Conn
	lane *Lane

	prelude atomic.Pointer[prelude] // to be sent before what is at the cursor; stored under mu

	// static after Join
	hub    *Hub
	pump   *pump
	name   string
	policy Policy

	// streamFrom is the slot from which on the client has got, and will get, every
	// message of a lane with a stream: its start, or where it last jumped to. It is
	// 0 in other lanes. Stored under mu.
	streamFrom atomic.Uint64

	skipTo uint64 // guarded by mu: up to here nothing is wanted, if the message at the cursor is cut
	state  wire   // guarded by mu: what is on its way besides whole messages

	// owned by the pump
	group   *group // nil while it is in none
	index   int    // in group.clients, -1 while it is in none
	wasFull bool   // the socket was full at the last visit

	// atomic
	steps        atomic.Uint32 // writes that moved within a frame
	heard        atomic.Int64  // hub clock at the last sign of life
	conflating   atomic.Bool   // its preludes go on until nothing is left out
	movableStart atomic.Uint64 // slot where it is to begin, if it may begin later, 0 if not
	deadline     atomic.Int64  // hub clock at which the sweep closes it, 0 is never

	sweep sweepState // owned by the sweep

	listed int // index in Hub.clients; guarded by Hub.mu
}

// Name returns what Join was given.
func (c *Client) Name() string { return c.name }

// Heard notes a sign of life: any byte that came from the client.
func (c *Client) Heard() { c.heard.Store(c.hub.clock.Load()) }

// Position returns the place behind the last message that was wholly written.
func (c *Client) Position() Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hub.position(c.seq)
}

// Reason returns why the client left or is leaving, and whether it is.
func (c *Client) Reason() (why Reason, leaving bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.why, c.state.leaving || c.closed
}

// Control sends a frame that the transport's library wants to send, a pong, at
// the next frame boundary. It never blocks; while the socket is full the newest
// frame replaces an older one. After a close frame it is swallowed. The frame
// is copied.
func (c *Client) Control(frame []byte) {
	c.mu.Lock()
	if !c.closed && !c.state.closeSent {
		c.state.control = append([]byte(nil), frame...)
		c.settleOutsideLocked()
	}
	c.mu.Unlock()
}

// Leave makes the client go: its format's close frame is sent at the next frame
// boundary, and the connection closed when the reader has seen the peer's
// answer or a second has passed. A patient reason first lets the client have
// everything published so far. The first reason stands; a later, impatient one
// only ends the patience.
func (c *Client) Leave(why Reason) { c.leave(why, nil) }

// Answer is Leave(Left) with a frame of the caller's: the answer to the peer's
// own close frame.
func (c *Client) Answer(frame []byte) { c.leave(Left, append([]byte(nil), frame...)) }

func (c *Client) leave(why Reason, frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.state
	if c.closed || s.closeSent {
		return
	}
	if !s.leaving {
		s.leaving, s.why, s.farewell = true, why, frame
		s.until = c.hub.ring.head.Load()
	}
	if !why.patient() && c.deadline.Load() == 0 {
		s.until = 0
		c.deadline.Store(c.hub.clock.Load() + int64(linger))
	}
	c.settleOutsideLocked()
}

// linger is how long a client may take to answer a close frame, and how long
// the frame itself may wait for a boundary.
const linger = time.Second

// settleOutsideLocked sends what can be sent at once on behalf of a caller that
// is not the client's writer, and tells the pump that there is something to
// look at. A drainer sees it by itself.
func (c *Client) settleOutsideLocked() {
	c.special = true
	if c.settleLocked(); c.special && !c.drainer {
		c.pump.post(c)
	}
}

// Close closes the connection at once; no byte is written after it. If the
// client was owed a close frame, or was inside a frame, the peer gets a reset:
// it must not take the end for an orderly one. Close is idempotent.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	s := &c.state
	reset := !s.closeSent && (s.leaving || s.rest != nil)
	why := s.why
	c.closed, c.special = true, true
	s.rest, s.control, s.due = nil, nil, 0
	c.prelude.Store(nil)
	c.mu.Unlock()

	err := c.conn.Close(reset)
	c.hub.forget(c, why)
	c.pump.post(c)
	return err
}
