package hub

import "time"

// backlog is what a client still has to get, as its bounds count it.
type backlog struct {
	messages int           // after the one that is being written
	bytes    int           // of those messages
	holds    bool          // something still has to be written
	still    time.Duration // time since the last progress
}

// assess returns a client's backlog, and whether the ring has dropped messages that the
// client should have got.
func (h *Hub) assess(c *Client, now int64) (q backlog, lapped bool) {
	g := h.glanceAt(c)
	if c.sweep.noteProgress(g, now) {
		c.Heard() // a full socket that takes more has a peer that acknowledges
	}
	q = h.backlogOf(c, g)
	q.holds, q.still = g.holds, time.Duration(now-c.sweep.moved)
	return q, h.isLapped(c, g)
}

// glance is what the sweep sees of a client before it counts messages.
type glance struct {
	cursor uint64
	steps  uint32
	newest *Message // the newest that the client may get, nil if there is none
	holds  bool     // something still has to be written
	full   bool     // something has to be written, and the socket takes no more
}

func (h *Hub) glanceAt(c *Client) glance {
	g := glance{cursor: c.cursor.Load(), steps: c.steps.Load(), newest: h.newestOf(c.lane)}
	g.holds = g.isBehind() || c.prelude.Load() != nil
	g.full = g.holds && c.hasDrainer()
	return g
}

func (g glance) isBehind() bool { return g.newest != nil && g.cursor <= g.newest.slot }

// newestOf returns the newest message that a lane's clients may get. It returns nil if
// there is none, or if the ring has dropped it: a client is not slow because the
// compressor is late.
func (h *Hub) newestOf(l *Lane) *Message {
	if l.stream == nil {
		return h.ring.newest()
	}
	return h.ring.at(l.stream.head.Load())
}

// noteProgress remembers a look until the next one. It reports whether a socket that
// was full has taken something since. A client to which nothing was offered does not
// stall.
func (w *sweepState) noteProgress(g glance, now int64) (takesMore bool) {
	progressed := g.cursor != w.cursor || g.steps != w.steps
	if !g.full || progressed {
		w.cursor, w.steps, w.moved = g.cursor, g.steps, now
	}
	takesMore = g.full && w.full && progressed
	w.full = g.full
	return takesMore
}

// counts reports whether the messages that a filtered client lacks have to be counted.
// Otherwise a pass has left the client out, or will visit it soon.
func (w *sweepState) counts(g glance) bool { return g.full || w.catchingUp }

// backlogOf counts the messages after the one that is being written.
func (h *Hub) backlogOf(c *Client, g glance) backlog {
	switch {
	case !g.isBehind():
	case c.lane.filter == nil:
		return h.allBehind(g)
	case c.sweep.counts(g):
		return h.wantedBehind(c, g.newest.slot)
	}
	return backlog{}
}

// isLapped reports whether the ring has dropped messages that the client should have
// got. It is called after backlogOf.
func (h *Hub) isLapped(c *Client, g glance) bool {
	tail := h.ring.tail.Load()
	switch {
	case !g.isBehind():
		return false
	case c.lane.filter == nil:
		return g.cursor+1 < tail // the message at the cursor may be the one that is being written
	}
	return c.sweep.counts(g) && c.sweep.wanted.isLapped(tail)
}

// allBehind counts for a client without a filter.
func (h *Hub) allBehind(g glance) backlog {
	q := backlog{messages: int(g.newest.slot - g.cursor)}
	if m := h.ring.at(g.cursor); m != nil {
		q.bytes = int(g.newest.total - m.total)
	} else { // the ring has dropped the message that is being written
		q.bytes = int(h.ring.held.Load())
	}
	return q
}

// wantedBehind counts only the messages that the client's filter lets through. So a
// client is not slow, and not lapped, because of messages that it does not want. The
// cursor will skip the run of unwanted messages at the start.
func (h *Hub) wantedBehind(c *Client, head uint64) backlog {
	w, at := &c.sweep.wanted, c.place().slot
	if w.from != at {
		*w = wanted{from: at, next: at}
	}
	w.count(&h.ring, c.lane, head)
	if !w.unseen {
		c.nothingBefore(at, w.firstOrNext())
	}
	return backlog{messages: max(0, w.messages-1), bytes: w.bytes} // the first one is being written, or will be next
}

// wanted counts what a filtered client lacks while its cursor stands still. It looks at
// each message once.
type wanted struct {
	from, next      uint64 // the slots that were looked at: from, up to but not including next
	first           uint64 // slot of the first wanted message
	messages, bytes int
	unseen          bool // the ring dropped some messages before they were looked at
}

// count looks at the messages from next up to head.
func (w *wanted) count(r *ring, l *Lane, head uint64) {
	tail := r.tail.Load()
	w.unseen = w.unseen || w.next < tail
	for slot := max(w.next, tail); slot <= head; slot++ {
		m := r.at(slot)
		if m == nil {
			w.unseen = true
			continue
		}
		if !l.wants(m) {
			continue
		}
		if w.messages == 0 {
			w.first = slot
		}
		w.messages++
		w.bytes += int(m.size())
	}
	w.next = head + 1
}

// firstOrNext returns the first slot that the client wants, or may want.
func (w *wanted) firstOrNext() uint64 {
	if w.messages > 0 {
		return w.first
	}
	return w.next
}

// isLapped reports whether the ring has dropped a message that the client wanted, or
// may have wanted.
func (w *wanted) isLapped(tail uint64) bool {
	return w.unseen || w.messages > 0 && w.first < tail
}

// nothingBefore notes that the client wants nothing from a slot up to skipTo, if its
// place is still at that slot. When the frame that is being written is out, the client
// goes on at skipTo.
func (c *Client) nothingBefore(slot, skipTo uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.placeLocked().slot == slot {
		c.skipTo = skipTo
	}
}
