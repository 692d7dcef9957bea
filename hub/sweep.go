package hub

import (
	"math/rand/v2"
	"time"
)

const sweepEvery = 100 * time.Millisecond

// watch is what the sweep remembers of a client between two looks.
type watch struct {
	cursor     uint64
	steps      uint32
	moved      int64 // hub clock when cursor or steps last changed, or it held nothing
	pinged     int64 // hub clock of the last ping
	expires    int64 // hub clock at which it is told to come back, 0 is never
	catchingUp bool  // since its join it has not been within half its bounds
}

// sweepLoop serves every deadline there is: stalls, bounds, pings, silence,
// lingering. Started by New, ended by Close. It alone moves the hub's clock, so
// that nothing else needs one.
func (h *Hub) sweepLoop() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.clock.Store(int64(time.Since(h.born)))
			h.sweep()
		case <-h.done:
			return
		}
	}
}

// sweep looks at every client, copying the list by chunks so that joins and
// leaves never wait for a whole round. Who is moved within the list meanwhile
// is looked at next time.
func (h *Hub) sweep() {
	deepest := 0
	var chunk [512]*Client
	for at := 0; ; at += len(chunk) {
		n := h.copyClients(chunk[:], at)
		for _, c := range chunk[:n] {
			deepest = max(deepest, h.inspect(c))
		}
		if n < len(chunk) {
			break
		}
	}
	h.deepest.Store(int64(deepest))
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
	now := h.clock.Load()
	if d := c.deadline.Load(); d != 0 {
		if now >= d {
			c.Close()
		}
		return 0
	}
	if e := c.watch.expires; e != 0 && now >= e {
		c.watch.expires = 0
		c.Leave(MaxAge)
	}
	q, lapped := h.backlogOf(c, now)
	if q.holds && q.still == 0 && c.hasDrainer() {
		c.Heard() // a full socket that takes more has a peer that acknowledges
	}
	h.keepAlive(c, now)
	if c.watch.catchingUp && h.queue.near(q) {
		c.watch.catchingUp = false
	}
	if lapped || h.queue.over(q, c.watch.catchingUp) {
		c.Leave(Slow)
	}
	return q.messages
}

func (h *Hub) backlogOf(c *Client, now int64) (q backlog, lapped bool) {
	w := &c.watch
	cursor, steps, head := c.cursor.Load(), c.steps.Load(), h.ring.newest()
	q.holds = head != nil && cursor <= head.slot
	if !q.holds || cursor != w.cursor || steps != w.steps {
		w.cursor, w.steps, w.moved = cursor, steps, now
	}
	if !q.holds {
		return q, false
	}
	q.still = time.Duration(now - w.moved)
	q.messages = int(head.slot - cursor)
	if m := h.ring.at(cursor); m != nil {
		q.bytes = int(head.total - m.total)
	} else { // the message it is in the middle of has left the ring
		q.bytes = int(h.ring.held.Load())
		lapped = cursor+1 < h.ring.tail.Load()
	}
	return q, lapped
}

// expiry draws when a client that joins now has reached its age: not all at the
// same time who joined together.
func (h *Hub) expiry(now int64) int64 {
	if h.maxAge <= 0 {
		return 0
	}
	return now + int64(h.maxAge) - rand.Int64N(int64(h.maxAge)/10+1)
}

// keepAlive pings a client that has been silent for PingInterval and gives it
// up PongTimeout later: any byte from it is a sign of life.
func (h *Hub) keepAlive(c *Client, now int64) {
	if h.pingInterval <= 0 {
		return
	}
	heard, w := c.heard.Load(), &c.watch
	switch silence := time.Duration(now - heard); {
	case silence < h.pingInterval:
	case w.pinged <= heard:
		if ping := c.lane.Ping(); ping != nil {
			w.pinged = now
			c.Control(ping)
		}
	case time.Duration(now-w.pinged) >= h.pongTimeout:
		c.Leave(Silent)
	}
}
