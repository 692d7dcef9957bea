package hub

import "time"

// backlog is what a client has yet to get, as its bounds count it.
type backlog struct {
	messages int           // behind the one being written
	bytes    int           // of those
	holds    bool          // something is still to be written
	still    time.Duration // since the last progress
}

// assess returns a client's backlog, and whether the ring has lapped messages that
// it was to get.
func (h *Hub) assess(c *Client, now int64) (q backlog, lapped bool) {
	g := h.glanceAt(c)
	if c.sweep.noteProgress(g, now) {
		c.Heard() // a full socket that takes more has a peer that acknowledges
	}
	q = h.backlogOf(c, g)
	q.holds, q.still = g.holds, time.Duration(now-c.sweep.moved)
	return q, h.isLapped(c, g)
}

// glance is what one look of the sweep finds, before it counts messages.
type glance struct {
	cursor uint64
	steps  uint32
	newest *Message // that the client may get, nil if there is none
	holds  bool     // something is still to be written
	full   bool     // something is, and the socket takes no more
}

func (h *Hub) glanceAt(c *Client) glance {
	g := glance{cursor: c.cursor.Load(), steps: c.steps.Load(), newest: h.newestOf(c.lane)}
	g.holds = g.isBehind() || c.prelude.Load() != nil
	g.full = g.holds && c.hasDrainer()
	return g
}

func (g glance) isBehind() bool { return g.newest != nil && g.cursor <= g.newest.slot }

// newestOf returns the newest message that a lane's clients may get, nil if there
// is none, or the ring has let go of it: nobody is slow for what the compressor
// owes him.
func (h *Hub) newestOf(l *Lane) *Message {
	if l.stream == nil {
		return h.ring.newest()
	}
	return h.ring.at(l.stream.head.Load())
}

// noteProgress remembers a look for the next, and reports whether a socket that was
// full has taken something since. A client that was not offered what it lacks does
// not stall.
func (w *sweepState) noteProgress(g glance, now int64) (takesMore bool) {
	progressed := g.cursor != w.cursor || g.steps != w.steps
	if !g.full || progressed {
		w.cursor, w.steps, w.moved = g.cursor, g.steps, now
	}
	takesMore = g.full && w.full && progressed
	w.full = g.full
	return takesMore
}

// counts reports whether the messages that a filtered client lacks have to be
// counted: else a pass has left it out, or comes soon.
func (w *sweepState) counts(g glance) bool { return g.full || w.catchingUp }

// backlogOf counts the messages behind the one being written.
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

// isLapped reports whether messages have left the ring that a client was to get.
// backlogOf has counted what it lacks.
func (h *Hub) isLapped(c *Client, g glance) bool {
	tail := h.ring.tail.Load()
	switch {
	case !g.isBehind():
		return false
	case c.lane.filter == nil:
		return g.cursor+1 < tail // the one at the cursor may be the one being written
	}
	return c.sweep.counts(g) && c.sweep.wanted.isLapped(tail)
}

// allBehind counts for a client without a filter.
func (h *Hub) allBehind(g glance) backlog {
	q := backlog{messages: int(g.newest.slot - g.cursor)}
	if m := h.ring.at(g.cursor); m != nil {
		q.bytes = int(g.newest.total - m.total)
	} else { // the message it is in the middle of has left the ring
		q.bytes = int(h.ring.held.Load())
	}
	return q
}

// wantedBehind counts only what the client's filter lets through, so that nobody
// is taken for slow, or lapped, for messages he did not want. What nothing is wanted
// of is left out of the client's way.
func (h *Hub) wantedBehind(c *Client, head uint64) backlog {
	w, at := &c.sweep.wanted, c.place().slot
	if w.from != at {
		*w = wanted{from: at, next: at}
	}
	w.count(&h.ring, c.lane, head)
	if !w.unseen {
		c.nothingBefore(at, w.firstOrNext())
	}
	return backlog{messages: max(0, w.messages-1), bytes: w.bytes} // the first is being written, or will be next
}

// wanted counts what a filtered client that stands still is behind. Each message is
// looked at once.
type wanted struct {
	from, next      uint64 // slots looked at: from there up to before next
	first           uint64 // the first that is wanted
	messages, bytes int
	unseen          bool // some left the ring before they were looked at
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

// firstOrNext returns the first slot that is wanted, or may be.
func (w *wanted) firstOrNext() uint64 {
	if w.messages > 0 {
		return w.first
	}
	return w.next
}

// isLapped reports whether a message that was wanted, or may have been, has left
// the ring.
func (w *wanted) isLapped(tail uint64) bool {
	return w.unseen || w.messages > 0 && w.first < tail
}

// nothingBefore notes for a client whose place is still at a slot that nothing up
// to before skipTo is wanted: when its frame is out, it goes on there.
func (c *Client) nothingBefore(slot, skipTo uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.placeLocked().slot == slot {
		c.skipTo = skipTo
	}
}
