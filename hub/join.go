package hub

import (
	"errors"
	"math/rand/v2"
)

// Options says how a client joins.
type Options struct {
	Lane   *Lane  // from Hub.Lane; the hub releases it when the client is gone
	Start  Start  // where the client begins
	Policy Policy // Skip and Conflate need a lane with notices, Conflate also a snapshot
	Name   string // for people, as in Slowest
}

var (
	// ErrClosed is the answer of a closed hub.
	ErrClosed = errors.New("hub: closed")
	// ErrPolicy says that the lane or the hub does not allow a policy.
	ErrPolicy = errors.New("hub: skip and conflate need notices, and conflate a hub that keeps a snapshot")
)

// Join makes conn a client. From here on the hub owns the connection: close it through
// the client only. While the hub drains, the client is told so at once. Beside an
// error, the caller still owns the connection and the lane. Any goroutine may call it.
func (h *Hub) Join(conn Conn, o Options) (*Client, error) {
	if o.Policy != Evict && !o.Lane.notices || o.Policy == Conflate && h.snapshot == nil {
		return nil, ErrPolicy
	}
	c := h.newClient(conn, o)
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, ErrClosed
	}
	draining := h.draining
	c.listed = len(h.clients)
	h.clients = append(h.clients, c)
	h.mu.Unlock()

	h.tally.joins.Add(1)
	c.pump.load.Add(1)
	switch {
	case o.Start.gone && !o.Lane.notices: // before the pump knows the client: not one message is sent
		c.Leave(Gone)
	case draining:
		c.Leave(Draining)
	}
	c.pump.post(c)
	return c, nil
}

func (h *Hub) newClient(conn Conn, o Options) *Client {
	c := &Client{hub: h, conn: conn, lane: o.Lane, name: o.Name, policy: o.Policy, index: -1, pump: h.leastLoaded()}
	start := o.Start
	start.slot = max(start.slot, 1)
	c.prelude.Store(start.prelude)
	c.seq = start.seq
	c.cursor.Store(start.slot)
	c.beginAt(start.slot)
	if start.movable && o.Lane.notices && o.Policy != Conflate { // a client that conflates gets the newest of what was lapped
		c.movableStart.Store(start.slot)
	}
	source := h.source.Load()
	if o.Lane.notices {
		c.special, c.state.due = true, dueHello
		if !source.up {
			c.state.due |= dueSource
		}
		if start.gone {
			c.state.due |= dueGap
			c.state.gap = start.gap
			if o.Lane.filter != nil { // nobody knows any more which of the lost messages the filter wanted
				c.state.gap.missed, c.state.gap.atLeast = 0, !start.gap.unknown
			}
		}
	}
	now := h.clock.Load()
	c.heard.Store(now)
	c.sweep = sweepState{cursor: start.slot, moved: now, catchingUp: true, pinged: -1, spoke: now,
		source: source.number, expires: h.expiry(now)}
	return c
}

// expiry draws the time at which a client that joins now has reached its maximum age.
// Clients that join together do not reach it together.
func (h *Hub) expiry(now int64) int64 {
	if h.maxAge <= 0 {
		return 0
	}
	return now + int64(h.maxAge) - rand.Int64N(int64(h.maxAge)/10+1)
}

func (h *Hub) leastLoaded() *pump {
	best := h.pumps[0]
	for _, p := range h.pumps[1:] {
		if p.load.Load() < best.load.Load() {
			best = p
		}
	}
	return best
}

// forget takes a closed client off the list.
func (h *Hub) forget(c *Client, why Reason) {
	h.mu.Lock()
	last := len(h.clients) - 1
	h.clients[c.listed] = h.clients[last]
	h.clients[c.listed].listed = c.listed
	h.clients[last] = nil
	h.clients = h.clients[:last]
	h.releaseLocked(c.lane)
	if last == 0 {
		signal(h.vacant)
	}
	h.mu.Unlock()
	c.pump.load.Add(-1)
	h.tally.leaves[why].Add(1)
}
