package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	longestTurn = 10 * time.Millisecond // between two calls of Gosched, whatever the last one took

	yieldEvery  = 64  // visits between two calls of Gosched
	reloadEvery = 256 // visits between two looks at the head

	leaveOutMost = 256 // messages that a client may be left out of before its cursor is moved
)

// pump is a writer goroutine that walks its share of the clients and writes to
// each without ever blocking. Started by New, ended by Close.
type pump struct {
	hub  *Hub
	load atomic.Int64 // clients assigned to it

	pending atomic.Uint32 // 1: wake holds a token, or the pump has yet to look
	wake    chan struct{} // one slot; never closed

	mu   sync.Mutex
	mail []*Client // to be visited: joined, handed back, leaving, closed

	// owned by the pump's goroutine
	roster            roster    // those it writes to; the others have a drainer or are going
	behind            []*Client // left over by the last round
	next              []*Client // to be visited again before the pump sleeps
	gone              []*Client // to be taken out of the roster after the walk
	inbox             []*Client // mail's other buffer
	batches           batchCache
	head              uint64        // as last loaded
	look              uint64        // counts the loads: streams' heads are as of the last one too
	seen              uint64        // head when the last pass began
	seenStreamVersion uint64        // Hub.streamVersion before that
	skipTo            uint64        // slot behind the head of the pass before: see group.unwantedFrom
	moved             uint64        // head when the last pass that visited everybody began
	movedAt           int64         // hub clock then
	start             int           // rotates where a pass begins
	visits            uint          // counted for yieldEvery and reloadEvery
	resumed           time.Time     // when the last Gosched returned
	waited            time.Duration // for how long it had been away
	count             tallied       // of this round
}

func newPump(h *Hub, index int) *pump {
	return &pump{hub: h, wake: make(chan struct{}, 1), roster: newRoster(), batches: batchCache{pump: index}}
}

// poke wakes the pump if it may be asleep. The first to set pending sends; the
// pump clears it before it looks, so no change goes unseen.
func (p *pump) poke() {
	if p.pending.Swap(1) == 0 {
		signal(p.wake)
	}
}

// post has the pump visit one client.
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

// round visits the clients that need it: those who want something of what is
// new in the ring, or have a stream that something is new in, those that posted, and those that the last round left behind.
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

// headOf returns the head that a lane's clients are taken to: one for all of them
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

// pass visits the groups that want something of what is new, beginning at a
// rotating one. Whoever it leaves out stands at the head but for messages that he
// does not want, or is in inbox or behind.
func (p *pump) pass() {
	p.markDue()
	p.skipTo = p.seen + 1
	p.seen = p.head // walk may load a newer one, which not all will have got
	p.start++
	for i := range p.roster.due {
		p.walkGroup(p.roster.due[(i+p.start)%len(p.roster.due)])
	}
	if m := p.hub.ring.at(p.head); m != nil && p.hub.latency != nil && p.count.writes > 0 {
		p.hub.latency.Observe(time.Since(m.time).Seconds())
	}
}

// markDue marks the groups that want something of what came since the last pass,
// or all of them if it is time to move every cursor, or if something has left the
// ring unseen.
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

// isTimeToMoveAll reports whether the sweep has come by since every cursor was
// moved, and some may not be at the head: the positions that clients are told
// should not be old.
func (p *pump) isTimeToMoveAll() bool {
	return p.moved != p.head && p.movedAt != p.hub.clock.Load()
}

// walkGroup visits a group's clients, beginning at a rotating one.
func (p *pump) walkGroup(g *group) {
	g.start = (g.start + 1) % len(g.clients)
	for _, part := range [][]*Client{g.clients[g.start:], g.clients[:g.start]} {
		for _, c := range part {
			p.step(c)
		}
	}
	p.batches.reset() // nobody else in this round has the lane: the next takes its store
	g.unwantedFrom = p.seen + 1
}

// walk visits those of some clients that the pass has not.
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

// yield lets others run, the source's reader above all. Where very many want to,
// such as the readers of a flood, a turn is long in coming: then the pump works
// for as long as it last waited before it yields again. So a crowd may slow it
// down, and cannot stop it.
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
		} else { // one more try, in the next round
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
	if c.lane.stream != nil { // its clients want all, and stand before the ring's head
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
	if started { // it stood in a list twice
		return
	}
	p.hub.goroutines.Go(c.drain) // ends when c has caught up or is closed
}

// discharge takes the clients out that the pump writes to no longer.
func (p *pump) discharge() {
	for _, c := range p.gone {
		p.roster.remove(c)
	}
	clear(p.gone)
	p.gone = p.gone[:0]
}
