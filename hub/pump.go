package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	longestTurn = 10 * time.Millisecond // bounds how long the pump does not yield, however long its last turn took to come

	yieldEvery  = 64  // visits between two calls of Gosched
	reloadEvery = 256 // visits between two loads of the head

	leaveOutMost = 256 // messages for which passes may leave a client out before its cursor is moved
)

// pump is a writer goroutine. It walks its share of the clients and writes to each
// without ever blocking. Started by New, ended by Close.
type pump struct {
	hub  *Hub
	load atomic.Int64 // clients that are assigned to it

	pending atomic.Uint32 // 1: wake holds a token, or the pump still has to look
	wake    chan struct{} // one slot; never closed

	mu   sync.Mutex
	mail []*Client // clients to visit: they joined, were handed back, are leaving, or were closed

	// owned by the pump's goroutine
	roster            roster    // the clients that the pump writes to; the others have a drainer or are leaving
	behind            []*Client // clients that the last round left over
	next              []*Client // clients to visit again before the pump sleeps
	gone              []*Client // clients to take out of the roster after the walk
	inbox             []*Client // the other buffer of mail
	batches           batchCache
	head              uint64        // the ring's head when it was last loaded
	look              uint64        // counts the loads, by which the heads of streams are loaded too
	seen              uint64        // the head when the last pass began
	seenStreamVersion uint64        // Hub.streamVersion before the last pass
	skipTo            uint64        // slot after the head of the pass before the last: see group.unwantedFrom
	moved             uint64        // the head when the last pass that visited all clients began
	movedAt           int64         // hub clock when that pass began
	start             int           // rotates the group that a pass begins with
	visits            uint          // counts for yieldEvery and reloadEvery
	resumed           time.Time     // when the last Gosched returned
	waited            time.Duration // how long the last Gosched took
	count             tallied       // what this round has written
}

func newPump(h *Hub, index int) *pump {
	return &pump{hub: h, wake: make(chan struct{}, 1), roster: newRoster(), batches: batchCache{pump: index}}
}

// poke wakes the pump if it may be asleep. The first caller that sets pending sends the
// token. The pump clears pending before it looks, so no change goes unseen.
func (p *pump) poke() {
	if p.pending.Swap(1) == 0 {
		signal(p.wake)
	}
}

// post makes the pump visit one client.
func (p *pump) post(c *Client) {
	p.mu.Lock()
	p.mail = append(p.mail, c)
	p.mu.Unlock()
	p.poke()
}

// run works until the hub is closed.
func (p *pump) run() {
	for {
		if p.round(); len(p.next) > 0 {
			runtime.Gosched()
			continue
		}
		select {
		case <-p.wake:
		case <-p.hub.done:
			return
		}
	}
}

// round visits the clients that need it: those that want something new in the ring,
// those whose stream has something new, those that posted, and those that the last
// round left over.
func (p *pump) round() {
	p.pending.Swap(0)
	version := p.hub.streamVersion.Load()
	p.lookUp()
	p.behind, p.next = p.next, p.behind[:0]
	p.collect()
	if p.head != p.seen || version != p.seenStreamVersion || p.isTimeToMoveAll() {
		if version != p.seenStreamVersion {
			p.roster.markStreams()
		}
		p.seenStreamVersion = version
		p.pass()
	}
	p.walk(p.inbox)
	p.walk(p.behind)
	p.roster.unmark()
	clear(p.inbox)
	clear(p.behind)
	p.discharge()
	p.batches.reset()
	p.hub.tally.addAll(p.count)
	p.count = tallied{}
}

// lookUp loads the head.
func (p *pump) lookUp() {
	p.head = p.hub.ring.head.Load()
	p.look++
}

// headOf returns the head for the clients of a lane. It is the same for all of them
// until the next lookUp, so that they stay together.
func (p *pump) headOf(l *Lane) uint64 {
	if l.stream == nil { // fast path
		return p.head
	}
	return l.stream.headFor(p)
}

// collect takes in the mail.
func (p *pump) collect() {
	p.mu.Lock()
	p.mail, p.inbox = p.inbox[:0], p.mail
	p.mu.Unlock()
	for _, c := range p.inbox {
		if c.index < 0 && !c.hasDrainer() {
			p.roster.add(c, p.seen+1)
		}
	}
}

// pass visits the groups that want something new. It begins with another group each
// time. A client that it leaves out is in inbox or behind, or lacks only messages that
// it does not want.
func (p *pump) pass() {
	p.markDue()
	p.skipTo = p.seen + 1
	p.seen = p.head // walk may load a newer head, which not all clients will have reached
	p.start++
	for i := range p.roster.due {
		p.walkGroup(p.roster.due[(i+p.start)%len(p.roster.due)])
	}
	if m := p.hub.ring.at(p.head); m != nil && p.hub.latency != nil && p.count.writes > 0 {
		p.hub.latency.Observe(time.Since(m.time).Seconds())
	}
}

// markDue marks the groups that want something published since the last pass. It marks
// all groups if it is time to move every cursor, or if the ring has dropped a message
// unseen.
func (p *pump) markDue() {
	r := &p.hub.ring
	if unmoved := int(p.head - p.moved); unmoved > 0 && (unmoved >= min(leaveOutMost, r.len()/4) || p.isTimeToMoveAll()) {
		p.markAll()
		return
	}
	for slot := p.seen + 1; slot <= p.head && len(p.roster.due) < len(p.roster.groups); slot++ {
		m := r.at(slot)
		if m == nil {
			p.markAll()
			return
		}
		p.roster.mark(m)
	}
}

func (p *pump) markAll() {
	p.roster.markAll()
	p.moved, p.movedAt = p.head, p.hub.clock.Load()
}

// isTimeToMoveAll reports whether the sweep has run since every cursor was moved, and
// some cursors may not be at the head. The positions that clients are told should not
// be old.
func (p *pump) isTimeToMoveAll() bool {
	return p.moved != p.head && p.movedAt != p.hub.clock.Load()
}

// walkGroup visits a group's clients. It begins with another client each time.
func (p *pump) walkGroup(g *group) {
	g.start = (g.start + 1) % len(g.clients)
	for _, part := range [][]*Client{g.clients[g.start:], g.clients[:g.start]} {
		for _, c := range part {
			p.step(c)
		}
	}
	p.batches.reset() // no other client in this round has the lane: the next lane takes its store
	g.unwantedFrom = p.seen + 1
}

// walk visits those of some clients that the pass has not visited.
func (p *pump) walk(clients []*Client) {
	for _, c := range clients {
		if c.index >= 0 && !c.group.due {
			p.step(c)
		}
	}
}

func (p *pump) step(c *Client) {
	p.visits++
	if p.visits%yieldEvery == 0 {
		p.yield()
	}
	if p.visits%reloadEvery == 0 {
		p.lookUp()
	}
	p.visit(c)
}

// yield lets other goroutines run, above all the source's reader. Where very many want
// to run, such as the readers of a flood, it takes long until the pump runs again. Then
// the pump works for as long as it last waited before it yields again. So a crowd can
// slow the pump down, but not stop it.
func (p *pump) yield() {
	now := time.Now()
	if now.Sub(p.resumed) < p.waited {
		return
	}
	runtime.Gosched()
	p.resumed = time.Now()
	p.waited = min(p.resumed.Sub(now), longestTurn)
}

// visit offers one client what it lacks: the batch at its cursor.
func (p *pump) visit(c *Client) {
	head := p.headOf(c.lane)
	o := p.offeringFor(c, head)
	switch c.offer(o.batch) {
	case wrote:
		c.wasFull = false
		p.count.add(o.batch)
		if c.tookAll(o); !c.hasAllUpTo(head) {
			p.next = append(p.next, c)
		}
	case again, busy:
		p.next = append(p.next, c)
	case full:
		if c.wasFull {
			p.handOff(c)
		} else { // try once more, in the next round
			c.wasFull = true
			p.next = append(p.next, c)
		}
	case over:
		p.gone = append(p.gone, c)
	}
}

// offeringFor returns what a client lacks up to head.
func (p *pump) offeringFor(c *Client, head uint64) offering {
	d, from := c.prelude.Load(), c.cursor.Load()
	if d != nil { // slow path
		return offering{batch: p.batches.prelude(&p.hub.ring, c.lane, d, from), cursor: from}
	}
	if from <= head && c.conflating.Load() { // slow path
		c.conflate()
		return offering{cursor: from}
	}
	s := span{from: from, head: head}
	if c.lane.stream != nil { // clients of a stream want everything, and stop before the ring's head
		s.streamFrom = c.streamFrom.Load()
	} else if from >= c.group.unwantedFrom {
		s.skipTo = p.skipTo
	}
	b, held := p.batches.get(&p.hub.ring, c.lane, s)
	return offering{b, from, !held}
}

// handOff gives a client whose socket stays full a writer of its own.
func (p *pump) handOff(c *Client) {
	c.wasFull = false
	p.gone = append(p.gone, c)
	c.mu.Lock()
	started := c.drainer
	c.drainer = true
	c.mu.Unlock()
	if started { // the client was listed twice
		return
	}
	p.hub.goroutines.Go(c.drain) // ends when c has caught up or is closed
}

// discharge takes out the clients that the pump does not write to any more.
func (p *pump) discharge() {
	for _, c := range p.gone {
		p.roster.remove(c)
	}
	clear(p.gone)
	p.gone = p.gone[:0]
}
