package hub

// overrun acts on a client that broke its bounds or was lapped. If it is leaving
// already, evicting is all that is left.
func (c *Client) overrun() {
	_, leaving := c.Reason()
	switch {
	case !leaving && c.beginLater():
	case leaving || c.policy == Evict:
		c.Leave(Slow)
	case c.policy == Skip:
		c.skip()
	default:
		c.conflate()
	}
}

// beginLater moves a client that was to begin with the oldest message held, or
// near it, and was lapped before it could: while the feed runs, the oldest
// message is gone by the time a handshake is over. It reports false if the
// client has begun, or was moved before.
func (c *Client) beginLater() bool {
	at := c.place()
	if at.slot != c.movableStart.Swap(0) || at.slot >= c.hub.ring.tail.Load() {
		return false
	}
	to := c.hub.ring.oldest(1)
	c.jump(at, to, nil, c.between(at, to))
	return true
}

func (c *Client) skip() {
	at, to := c.place(), c.hub.Live()
	c.jump(at, to, nil, c.between(at, to))
}

// conflate replaces the client's backlog by the newest message of each key. It
// goes on doing so at the end of each prelude until there is nothing to leave out.
func (c *Client) conflate() {
	at := c.place()
	from := at.slot
	if len(at.ahead) > 0 {
		from = at.ahead[0].slot
	}
	newest, to := c.hub.snapshot.newestFrom(from, c.lane.filter)
	left := c.between(at, to)
	left.missed -= min(left.missed, uint64(len(newest)))
	lapped := at.slot < c.hub.ring.tail.Load() // then the snapshot alone has what the ring has not
	if !lapped && left.missed == 0 && !left.atLeast {
		c.conflating.Store(false)
		return
	}
	var by *prelude
	if len(newest) > 0 {
		by = &prelude{newest, to.seq}
	}
	c.conflating.Store(true)
	c.jump(at, to, by, left)
}

// place is where a client stands: behind seq, with the prelude's rest ahead and
// then what stands from slot on. The frame it is in the middle of counts as got.
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
	}
	return p
}

// loss is what a jump leaves out.
type loss struct {
	missed  uint64
	atLeast bool // more that nobody could count
}

// between counts what a client would get from its place up to a start. What has
// left the ring counts for a client without filter, since slots are dense.
func (c *Client) between(at place, to Start) loss {
	l := loss{missed: uint64(len(at.ahead))}
	if c.lane.filter == nil {
		l.missed += to.slot - min(to.slot, at.slot)
		return l
	}
	tail := c.hub.ring.tail.Load()
	l.atLeast = at.slot < min(tail, to.slot)
	for slot := max(at.slot, tail); slot < to.slot; slot++ {
		if m := c.hub.ring.at(slot); m == nil {
			l.atLeast = true
		} else if c.lane.wants(m) {
			l.missed++
		}
	}
	return l
}

// jump moves a client from a place to a start, by a prelude or none, and tells it
// what is left out. It does nothing if the client has moved meanwhile: it will
// be looked at again.
func (c *Client) jump(at place, to Start, by *prelude, left loss) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, now := &c.state, c.placeLocked()
	if c.closed || s.closeSent || now.slot != at.slot || len(now.ahead) != len(at.ahead) || to.slot < at.slot {
		return
	}
	if left.missed > 0 || left.atLeast {
		s.gap.add(at.seq, left, by != nil)
		s.due |= dueGap
		c.hub.tally.gaps.Add(1)
	}
	if s.rest != nil && (s.kind == dataFrame || s.kind == preludeFrame) {
		s.kind = strayFrame // it ends a message that is behind us now
	}
	c.prelude.Store(by)
	c.cursor.Store(to.slot)
	c.beginAt(to.slot)
	if by == nil {
		c.seq = to.seq
	}
	if c.settleOutsideLocked(); !c.special && !c.drainer {
		c.pump.post(c) // it may have a prelude now, which no pass would look for
	}
}
