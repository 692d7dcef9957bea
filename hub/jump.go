package hub

// place is where a client stands: after seq, with the rest of the prelude ahead, and
// then the messages from slot on. The frame that is being written counts as received.
type place struct {
	slot  uint64
	seq   uint64
	ahead []*Message
}

func (c *Client) place() place {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.placeLocked()
}

func (c *Client) placeLocked() place {
	p, s := place{slot: c.cursor.Load(), seq: c.seq}, &c.state
	if d := c.prelude.Load(); d != nil {
		p.ahead = d.messages
	}
	if s.rest == nil {
		return p
	}
	switch s.kind {
	case dataFrame:
		p.slot, p.seq = p.slot+1, s.seq
	case preludeFrame:
		p.ahead, p.seq = p.ahead[1:], s.seq
	case strayFrame: // the client has jumped already, in the middle of this frame
		p.seq = max(p.seq, s.seq)
	}
	return p
}

// jump moves a client from a place to a start, by a prelude or none, and tells the
// client what is left out. It does nothing if the client has moved meanwhile, because
// the client will be looked at again.
func (c *Client) jump(at place, to Start, by *prelude, left loss) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.standsAtLocked(at) || to.slot < at.slot {
		return
	}
	c.addLossLocked(at.seq, left, by != nil)
	c.moveLocked(to, by)
	if c.settleOutsideLocked(); !c.special && !c.drainer {
		c.pump.post(c) // it may have a prelude now, and no pass would look for that
	}
}

// standsAtLocked reports whether a client is still at a place and may be moved.
func (c *Client) standsAtLocked(at place) bool {
	if c.closed || c.state.closeSent {
		return false
	}
	now := c.placeLocked()
	return now.slot == at.slot && len(now.ahead) == len(at.ahead)
}

// moveLocked puts the client before a start, by a prelude or none. A frame that is cut
// is finished first: it ends a message that the client has left behind.
func (c *Client) moveLocked(to Start, by *prelude) {
	if s := &c.state; s.rest != nil && (s.kind == dataFrame || s.kind == preludeFrame) {
		s.kind = strayFrame
	}
	c.prelude.Store(by)
	c.cursor.Store(to.slot)
	c.beginAt(to.slot)
	if by == nil {
		c.seq = to.seq
	}
}
