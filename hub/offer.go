package hub

// outcome is the result of offering a batch to a client.
type outcome uint8

const (
	wrote outcome = iota // everything that was offered
	again                // the cursor had moved: offer what it points at now
	busy                 // another goroutine had the lock: come back
	full                 // the socket takes no more for now
	over                 // nothing will be written any more
)

// offering is what a writer, a pump or a drainer, has for a client.
type offering struct {
	batch  *batch // nil if there is nothing to write
	cursor uint64 // where the client stood
	lapped bool   // the ring has dropped the message at the cursor
}

// offer writes b to the client without waiting for anything, not even for the lock. A
// nil b only settles what is pending. The caller counts the batch after the outcome
// wrote, and after no other. It is the pump's one call for a delivery. It is not
// inlined, so that the pump can be preempted in its prologue (see doc.go).
//
//go:noinline
func (c *Client) offer(b *batch) outcome {
	if !c.mu.TryLock() {
		return busy
	}
	o := c.offerLocked(b)
	c.mu.Unlock()
	return o
}

func (c *Client) offerLocked(b *batch) outcome {
	if c.special { // slow path
		if o := c.settleLocked(); o != wrote {
			return o
		}
	}
	if b == nil {
		return wrote
	}
	if b.from != c.cursor.Load() || b.prelude != c.prelude.Load() || b.streams && !b.serves(c.streamFrom.Load()) {
		return again
	}
	if len(b.bytes) > 0 { // otherwise the lane wants nothing of it: only the cursor moves
		if n, err := c.conn.TryWrite(b.bytes); n < len(b.bytes) {
			return c.shortLocked(b, n, err)
		}
		c.spoke = true
	}
	c.seq = b.seq
	c.cursor.Store(b.next)
	if b.left > 0 { // slow path
		c.fallOff(b.left)
	}
	if b.prelude != nil { // slow path
		c.advancePreludeLocked(len(b.pieces))
	}
	if c.special { // slow path: the client is leaving and may have had everything
		c.hub.tally.addBatch(b)
		c.settleLocked()
		return again
	}
	return wrote
}

// shortLocked keeps what is left of the frame that was cut.
func (c *Client) shortLocked(b *batch, n int, err error) outcome {
	whole, rest := b.cut(n)
	c.hub.tally.add(whole, n, 1)
	if whole > 0 {
		c.seq = b.pieces[whole-1].seq
	}
	if b.prelude != nil {
		c.advancePreludeLocked(whole)
	} else {
		c.cursor.Store(b.pieces[whole].slot)
	}
	if b.left > 0 { // some of the written messages may have no place in the stream
		c.fallOff(b.pieces[whole].slot + 1)
	}
	if rest != nil {
		s := &c.state
		s.rest, s.kind, s.seq = rest, dataFrame, b.pieces[whole].seq
		if b.prelude != nil {
			s.kind = preludeFrame
		}
		c.special = true
		c.steps.Add(1)
	}
	if err != nil {
		return c.brokenLocked()
	}
	return full
}

// tookAll follows when a client has taken all of an offering, or lacked nothing. If the
// ring has lapped the client, its policy acts.
func (c *Client) tookAll(o offering) {
	if o.lapped && c.cursor.Load() == o.cursor {
		c.overrun()
	}
}

// hasAllUpTo reports whether a client lacks nothing up to a slot.
func (c *Client) hasAllUpTo(head uint64) bool {
	return c.cursor.Load() > head && c.prelude.Load() == nil
}
