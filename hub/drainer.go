package hub

import "sync"

// drain is a client's own writer. It lives only while the client's socket is full: the
// pump that found it full starts the drainer, and the drainer ends when the client has
// caught up (and goes back to the pump) or is closed. It makes what it writes from the
// ring, so a client that is behind costs one pooled buffer and no queue.
func (c *Client) drain() {
	h := c.hub
	h.drainers.Add(1)
	defer h.drainers.Add(-1)
	b := batches.Get().(*batch)
	for c.drainStep(b) {
	}
	b.forget()
	batches.Put(b)
	c.pump.post(c)
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// drainStep writes one batch, parked while the socket is full. It reports whether the
// drainer goes on.
func (c *Client) drainStep(b *batch) bool {
	offered := c.refill(b)
	var o outcome
	handedBack := false
	err := c.conn.WaitWritable(func() bool {
		c.mu.Lock()
		o = c.offerLocked(offered.batch)
		if o == over || o == wrote && c.hasAllUpTo(c.lane.head(&c.hub.ring)) {
			c.drainer, handedBack = false, true // from here on the pump may write
		}
		c.mu.Unlock()
		return o != full
	})
	if err != nil && !handedBack {
		c.dismissDrainer()
		return false
	}
	if o == wrote {
		c.hub.tally.addBatch(offered.batch)
		c.tookAll(offered)
	}
	// Not c.drainer: the pump may have started another drainer since.
	return !handedBack
}

// refill makes b what the client lacks.
func (c *Client) refill(b *batch) offering {
	r := &c.hub.ring
	d, from, head := c.prelude.Load(), c.cursor.Load(), c.lane.head(r)
	switch {
	case d != nil:
		b.fillPrelude(r, c.lane, d, from)
	case from > head:
		return offering{cursor: from}
	case c.conflating.Load():
		c.conflate()
		return offering{cursor: from}
	case !b.fill(r, c.lane, span{from: from, head: head, streamFrom: c.streamFrom.Load()}):
		return offering{cursor: from, lapped: true}
	}
	return offering{batch: b, cursor: from}
}

func (c *Client) dismissDrainer() {
	c.mu.Lock()
	c.drainer = false
	c.mu.Unlock()
}

func (c *Client) hasDrainer() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drainer
}
