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
	} else if time.Duration(now-w.spoke) >= h.liveness.Heartbeat {
		w.spoke = now
		c.tell(dueHeartbeat)
	}
}
