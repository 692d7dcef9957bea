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
	clients []*Client // those it writes to; the others have a drainer or are going
	behind  []*Client // left over by the last round
	next    []*Client // to be visited again before the pump sleeps
	gone    []*Client // to be taken out of clients after the walk
	letters []*Client // mail's other buffer
	batches batchCache
	head    uint64                                // as last loaded
	seen    uint64                                // head of the last full pass
	start   int                                   // rotates where a pass begins
	resumed time.Time                             // when the last Gosched returned
	waited  time.Duration                         // for how long it had been away
	count   struct{ messages, bytes, writes int } // of this round
}

func newPump(h *Hub, index int) *pump {
	return &pump{hub: h, wake: make(chan struct{}, 1), batches: batchCache{pump: index}}
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

// round visits the clients that need it: all of them when the head has moved,
// else those that posted and those that the last round left behind.
func (p *pump) round() {
	p.pending.Swap(0)
	p.head = p.hub.ring.head.Load()
	p.behind, p.next = p.next, p.behind[:0]
	p.collect()
	if p.head != p.seen {
		p.pass()
	} else {
		p.walk(p.letters)
		p.walk(p.behind)
	}
	clear(p.letters)
	clear(p.behind)
	p.discharge()
	p.batches.reset()
	p.hub.tally.add(p.count.messages, p.count.bytes, p.count.writes)
	p.count = struct{ messages, bytes, writes int }{}
}

// collect takes in the mail.
func (p *pump) collect() {
	p.mu.Lock()
	p.mail, p.letters = p.letters[:0], p.mail
	p.mu.Unlock()
	for _, c := range p.letters {
		if c.index < 0 && !c.hasDrainer() {
			c.index, p.clients = len(p.clients), append(p.clients, c)
		}
	}
}

// pass visits every client, beginning at a rotating one: nobody is always last.
func (p *pump) pass() {
	p.seen = p.head // walk may load a newer one, which not all will have got
	if len(p.clients) > 0 {
		p.start = (p.start + 1) % len(p.clients)
		p.walk(p.clients[p.start:])
		p.walk(p.clients[:p.start])
	}
	if m := p.hub.ring.at(p.head); m != nil && p.hub.latency != nil && p.count.writes > 0 {
		p.hub.latency.Observe(time.Since(m.time).Seconds())
	}
}

func (p *pump) walk(clients []*Client) {
	for i, c := range clients {
		if i%yieldEvery == yieldEvery-1 {
			p.yield()
		}
		if i%reloadEvery == reloadEvery-1 {
			p.head = p.hub.ring.head.Load()
		}
		if c.index >= 0 {
			p.visit(c)
		}
	}
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
	b, held := p.batchFor(c)
	from := c.cursor.Load()
	switch c.offer(b) {
	case wrote:
		c.refused = false
		if b != nil && len(b.bytes) > 0 {
			p.count.messages += len(b.pieces)
			p.count.bytes += len(b.bytes)
			p.count.writes++
		}
		if !held && c.cursor.Load() == from {
			c.overrun() // lapped
		}
		if c.cursor.Load() <= p.head || c.detour.Load() != nil {
			p.next = append(p.next, c)
		}
	case again, busy:
		p.next = append(p.next, c)
	case full:
		if c.refused {
			p.handOff(c)
		} else { // one more try, in the next round
			c.refused = true
			p.next = append(p.next, c)
		}
	case over:
		p.gone = append(p.gone, c)
	}
}

// batchFor returns what a client lacks, nil if that is nothing, and false if it
// was lapped.
func (p *pump) batchFor(c *Client) (b *batch, held bool) {
	d, from := c.detour.Load(), c.cursor.Load()
	if d != nil { // slow path
		return p.batches.detour(&p.hub.ring, c.lane, d, from), true
	}
	if from <= p.head && c.conflating.Load() { // slow path
		c.conflate()
		return nil, true
	}
	return p.batches.get(&p.hub.ring, c.lane, from, p.head)
}

// handOff gives a client whose socket stays full a writer of its own.
func (p *pump) handOff(c *Client) {
	c.refused = false
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
		if c.index < 0 {
			continue
		}
		last := len(p.clients) - 1
		p.clients[c.index] = p.clients[last]
		p.clients[c.index].index = c.index
		p.clients[last] = nil
		p.clients, c.index = p.clients[:last], -1
	}
	clear(p.gone)
	p.gone = p.gone[:0]
}
