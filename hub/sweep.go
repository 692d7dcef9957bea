package hub

import (
	"time"
)

const (
	sweepEvery = 100 * time.Millisecond
	// longestStep is the most that the hub's clock moves between two sweeps.
	longestStep = time.Second
)

// sweepState is what the sweep remembers of a client between two looks.
type sweepState struct {
	cursor     uint64
	steps      uint32
	moved      int64  // hub clock when cursor or steps last changed, or its socket was not full
	pinged     int64  // hub clock of the last ping
	taken      uint64 // bytes of the feed up to its cursor then
	spoke      int64  // hub clock when something was last written, heartbeats included
	source     uint64 // number of the source's last change that it was told
	wanted     wanted
	expires    int64 // hub clock at which it is told to come back, 0 is never
	catchingUp bool  // since its join it has not been within half its bounds
	full       bool  // at the last look its socket was full
}

// sweepLoop serves every deadline there is: stalls, bounds, pings, silence,
// lingering. Started by New, ended by Close. It alone moves the hub's clock, so
// that nothing else needs one.
func (h *Hub) sweepLoop() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-tick.C:
			now := time.Now()
			h.advance(now.Sub(last))
			last = now
			h.sweep()
			h.tellSwept()
		case <-h.done:
			return
		}
	}
}

// advance moves the clock by the time that has passed. What this process did not run
// for, because it was stopped or found no core, counts for no more than longestStep:
// no client was late then, and what he sent meanwhile has yet to be read.
func (h *Hub) advance(passed time.Duration) {
	h.clock.Add(int64(min(passed, longestStep)))
}

// sweep looks at every client, copying the list by chunks so that joins and
// leaves never wait for a whole round. Who is moved within the list meanwhile
// is looked at next time.
func (h *Hub) sweep() {
	deepest, streaming := 0, 0
	var chunk [512]*Client
	for at := 0; ; at += len(chunk) {
		n := h.copyClients(chunk[:], at)
		for _, c := range chunk[:n] {
			deepest = max(deepest, h.inspect(c))
			if c.streaming() {
				streaming++
			}
		}
		if n < len(chunk) {
			break
		}
	}
	h.deepest.Store(int64(deepest))
	h.streaming.Store(int64(streaming))
	for _, p := range h.pumps {
		p.poke() // a backstop: no known wake-up is lost
	}
}

func (h *Hub) copyClients(dst []*Client, at int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return copy(dst, h.clients[min(at, len(h.clients)):])
}

// inspect does what is due for one client and returns its queue in messages.
func (h *Hub) inspect(c *Client) int {
	now, w := h.clock.Load(), &c.sweep
	if d := c.deadline.Load(); d != 0 {
		if now >= d {
			c.Close()
		}
		return 0
	}
	if w.expires != 0 && now >= w.expires {
		w.expires = 0
		c.Leave(MaxAge)
	}
	q, lapped := h.backlogOf(c, now)
	h.keepAlive(c, now)
	if c.lane.notices {
		h.notify(c, now)
	}
	if w.catchingUp && h.queue.near(q) {
		w.catchingUp = false
	}
	if lapped || h.queue.over(q, w.catchingUp) {
		c.overrun()
	}
	return q.messages
}

// notify tells a client that has notices of the source's last change, and that
// all is well when nothing else was said for a while.
func (h *Hub) notify(c *Client, now int64) {
	w := &c.sweep
	if n := h.source.Load().number; n != w.source {
		w.source = n
		c.tell(dueSource)
	}
	c.mu.Lock()
	spoke := c.spoke
	c.spoke = false
	c.mu.Unlock()
	if spoke {
		w.spoke = now
	} else if time.Duration(now-w.spoke) >= h.heartbeat {
		w.spoke = now
		c.tell(dueHeartbeat)
	}
}

// backlogOf measures a client's queue: the messages behind the one being
// written. It reports true if some of them were lapped.
func (h *Hub) backlogOf(c *Client, now int64) (q backlog, lapped bool) {
	w := &c.sweep
	cursor, steps, head := c.cursor.Load(), c.steps.Load(), h.newestOf(c.lane)
	behind := head != nil && cursor <= head.slot
	q.holds = behind || c.prelude.Load() != nil
	full, progressed := q.holds && c.hasDrainer(), cursor != w.cursor || steps != w.steps
	if !full || progressed { // who was not offered what he lacks does not stall
		w.cursor, w.steps, w.moved = cursor, steps, now
	}
	if full && w.full && progressed {
		c.Heard() // a full socket that takes more has a peer that acknowledges
	}
	w.full = full
	q.still = time.Duration(now - w.moved)
	switch {
	case !behind:
	case c.lane.filter != nil && (full || w.catchingUp):
		return h.wantedBehind(c, q, head.slot)
	case c.lane.filter != nil: // a pass has left it out, or comes soon
	default:
		q.messages = int(head.slot - cursor)
		if m := h.ring.at(cursor); m != nil {
			q.bytes = int(head.total - m.total)
		} else { // the message it is in the middle of has left the ring
			q.bytes = int(h.ring.held.Load())
			lapped = cursor+1 < h.ring.tail.Load()
		}
	}
	return q, lapped
}

// newestOf returns the newest message that a lane's clients may get, nil if there
// is none, or the ring has let go of it: nobody is slow for what the compressor
// owes him.
func (h *Hub) newestOf(l *Lane) *Message {
	if l.stream == nil {
		return h.ring.newest()
	}
	return h.ring.at(l.stream.head.Load())
}

// wantedBehind counts only what the client's filter lets through, so that nobody
// is taken for slow, or lapped, for messages he did not want. Each message is
// looked at once for as long as the client stands still.
func (h *Hub) wantedBehind(c *Client, q backlog, head uint64) (backlog, bool) {
	w, at, tail := &c.sweep.wanted, c.place(), h.ring.tail.Load()
	if w.from != at.slot {
		*w = wanted{from: at.slot, next: at.slot}
	}
	w.unseen = w.unseen || w.next < tail
	for slot := max(w.next, tail); slot <= head; slot++ {
		m := h.ring.at(slot)
		if m == nil {
			w.unseen = true
			continue
		}
		if !c.lane.wants(m) {
			continue
		}
		if w.messages == 0 {
			w.first = slot
		}
		w.messages++
		w.bytes += int(m.size())
	}
	w.next = head + 1
	q.messages, q.bytes = max(0, w.messages-1), w.bytes // the first is being written, or will be next
	switch {
	case w.unseen: // any of them may have been wanted
		return q, true
	case w.messages == 0:
		c.nothingBefore(at.slot, w.next)
		return q, false
	default:
		c.nothingBefore(at.slot, w.first)
		return q, w.first < tail
	}
}

// wanted counts what a filtered client that stands still is behind.
type wanted struct {
	from, next      uint64 // slots looked at: from there up to before next
	first           uint64 // the first that is wanted
	messages, bytes int
	unseen          bool // some left the ring before they were looked at
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

// readerTakes is more than a peer takes that has stopped reading, save for one
// whose receive buffer had grown large: what the kernel holds unsent here, and a
// window there that opens no further.
const readerTakes = 512 << 10

// keepAlive pings a client that has been silent for PingInterval and gives it
// up PongTimeout later: any byte from it is a sign of life. So is that it took
// readerTakes bytes meanwhile: there are clients that read all and answer no
// ping (TestSilentReader). One with a large buffer gains a few PingIntervals by
// that, until the buffer is full.
func (h *Hub) keepAlive(c *Client, now int64) {
	if h.pingInterval <= 0 {
		return
	}
	heard, w := c.heard.Load(), &c.sweep
	switch silence := time.Duration(now - heard); {
	case silence < h.pingInterval:
	case w.pinged <= heard:
		if ping := c.lane.format.Ping(); ping != nil {
			w.pinged, w.taken = now, h.taken(c, neverTaken)
			c.Control(ping)
		}
	case h.taken(c, 0) >= w.taken+readerTakes:
		c.Heard()
	case time.Duration(now-w.pinged) >= h.pongTimeout:
		c.Leave(Silent)
	}
}

const neverTaken = 1 << 62

// taken returns the bytes of the feed up to the client's cursor, or unknown if
// the cursor moves for other reasons than that it took them.
func (h *Hub) taken(c *Client, unknown uint64) uint64 {
	if c.policy == Evict && c.lane.filter == nil {
		if m := h.ring.at(c.cursor.Load() - 1); m != nil {
			return m.total
		}
	}
	return unknown
}
