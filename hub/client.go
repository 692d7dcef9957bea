package hub

import (
	"sync"
	"sync/atomic"
	"time"
)

// Client is one downstream connection: a cursor into the ring, never a copy of it. Any
// goroutine may call any of its methods at any time.
type Client struct {
	// A delivery touches the first 64 bytes only.

	// guarded by mu
	mu      sync.Mutex
	special bool   // there is more to do than to write plain data: slow path
	closed  bool   // Close was called: the hub does not touch the connection any more
	drainer bool   // a drainer writes, so the pump does not
	spoke   bool   // something was written since the sweep last looked
	seq     uint64 // sequence of the last message that was written whole, or is known to be unwanted

	cursor atomic.Uint64 // slot of the first message that is not written whole; stored under mu

	// static after Join
	conn Conn
	lane *Lane

	prelude atomic.Pointer[prelude] // is sent before the message at the cursor; stored under mu

	// static after Join
	hub    *Hub
	pump   *pump
	name   string
	policy Policy

	// streamFrom is the slot from which on the client has got, and will get, every
	// message. It is the client's start, or the place that it last jumped to. It is 0
	// in lanes without a stream. Stored under mu.
	streamFrom atomic.Uint64

	skipTo uint64 // guarded by mu: if the message at the cursor is cut, nothing before this slot is wanted
	state  wire   // guarded by mu: what is being sent besides whole messages

	// owned by the pump
	group   *group // nil while the client is in no group
	index   int    // in group.clients, -1 while the client is in no group
	wasFull bool   // the socket was full at the last visit

	// atomic
	steps        atomic.Uint32 // writes that made progress within a frame
	heard        atomic.Int64  // hub clock at the last sign of life
	conflating   atomic.Bool   // another prelude follows each prelude, until nothing is left out
	movableStart atomic.Uint64 // slot of the start, while the client may still begin later; 0 if it may not
	deadline     atomic.Int64  // hub clock at which the sweep closes the client, 0 for never

	sweep sweepState // owned by the sweep

	listed int // index in Hub.clients; guarded by Hub.mu
}

// Name returns what Join was given.
func (c *Client) Name() string { return c.name }

// Heard notes a sign of life: any byte that came from the client.
func (c *Client) Heard() { c.heard.Store(c.hub.clock.Load()) }

// Position returns the place after the last message that was written whole.
func (c *Client) Position() Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hub.position(c.seq)
}

// Reason returns why the client left or is leaving. It reports false while the client
// stays.
func (c *Client) Reason() (why Reason, leaving bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.why, c.state.leaving || c.closed
}

// Control sends a frame of the transport's library, a pong, at the next frame boundary.
// It never blocks. While the socket is full, the newest frame replaces an older one.
// After a close frame it does nothing. The frame is copied.
func (c *Client) Control(frame []byte) {
	c.mu.Lock()
	if !c.closed && !c.state.closeSent {
		c.state.control = append([]byte(nil), frame...)
		c.settleOutsideLocked()
	}
	c.mu.Unlock()
}

// Leave ends the client. Its format's close frame is sent at the next frame boundary.
// The connection is closed when the reader has seen the peer's answer, or after a
// second. A patient reason lets the client first have everything that was published so
// far. The first reason counts; a later, impatient one only ends the patience.
func (c *Client) Leave(why Reason) { c.leave(why, nil) }

// Answer is Leave(Left) with a frame of the caller's: the answer to the peer's own
// close frame. The frame is copied.
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

// linger is the time that a client has to answer a close frame, and the time that the
// frame may wait for a boundary.
const linger = time.Second

// settleOutsideLocked sends what can be sent at once, for a caller that is not the
// client's writer. It tells the pump that there is something to look at. A drainer
// notices by itself.
func (c *Client) settleOutsideLocked() {
	c.special = true
	if c.settleLocked(); c.special && !c.drainer {
		c.pump.post(c)
	}
}

// Close closes the connection at once; no byte is written afterwards. The peer gets a
// reset if the client had not got its close frame, or was inside a frame: the peer must
// not take the end for an orderly one. Close is idempotent.
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
