package hub

import (
	"time"
)

const (
	sweepEvery = 100 * time.Millisecond
	// longestStep bounds how far the hub's clock moves from one sweep to the next.
	longestStep = time.Second
)

// sweepState holds the figures of a client that the sweep keeps between two looks.
type sweepState struct {
	cursor     uint64
	steps      uint32
	moved      int64  // hub clock when cursor or steps last changed, or the socket was not full
	pinged     int64  // hub clock of the last ping
	taken      uint64 // bytes of the feed up to the cursor at that ping
	spoke      int64  // hub clock when something was last written, heartbeats included
	source     uint64 // number of the source's last change that the client was told
	wanted     wanted
	expires    int64 // hub clock at which the client is told to come back, 0 for never
	catchingUp bool  // the client has not been within half its bounds since its join
	full       bool  // the socket was full at the last look
}

// sweepLoop serves every deadline: stalls, bounds, pings, silence, lingering. Started
// by New, ended by Close. It alone moves the hub's clock, so nothing else needs a
// clock.
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

// advance moves the clock by the time that has passed. Time in which this process did
// not run, because it was stopped or found no core, counts for longestStep at most. No
// client was late in that time, and what the clients sent has still to be read.
func (h *Hub) advance(passed time.Duration) {
	h.clock.Add(int64(min(passed, longestStep)))
}

// sweep looks at every client. It copies the list by chunks, so that joins and leaves
// never wait for a whole round. A client that is moved within the list meanwhile is
// looked at next time.
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
		p.poke() // a backstop: no wake-up is known to be lost
	}
}

func (h *Hub) copyClients(dst []*Client, at int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return copy(dst, h.clients[min(at, len(h.clients)):])
}

// inspect does what is due for one client. It returns the client's queue in messages.
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
	q, lapped := h.assess(c, now)
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

// notify tells a client that has notices of the source's last change. It sends a
// heartbeat if nothing else was sent for a while.
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
	} else if time.Duration(now-w.spoke) >= h.liveness.Heartbeat {
		w.spoke = now
		c.tell(dueHeartbeat)
	}
}
