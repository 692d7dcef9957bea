package hub

import (
	"sync"
	"sync/atomic"
	"time"
)

// Hub is the ring and its readers. One goroutine calls Publish; any goroutine may call
// everything else.
type Hub struct {
	// static after New
	queue    Bounds
	liveness Liveness
	maxAge   time.Duration
	maxLanes int
	demand   *Demand   // nil if nobody asks
	snapshot *snapshot // nil if the hub keeps none
	header   func([]byte, Kind, int) []byte
	latency  Observer
	epoch    string // of the first numbering, and of everything that was numbered before the current one
	backbone bool
	pumps    []*pump
	done     chan struct{} // closed by Close

	ring ring

	// owned by the publisher
	seq    uint64 // of the newest message, or the one that Adopt set
	prefix []byte // the header that is being made

	numbering atomic.Pointer[numbering] // written by the publisher, read by all

	// atomic
	clock    atomic.Int64 // ns that the hub has run; only the sweep moves it
	drainers atomic.Int64
	deepest  atomic.Int64
	source   atomic.Pointer[sourceEvent]
	tally    tally

	streaming     atomic.Int64
	streamVersion atomic.Uint64               // counts how often a follower had something to show
	followers     atomic.Pointer[[]*follower] // stored under mu; a stored list does not change

	goroutines sync.WaitGroup // pumps, drainers, followers, sweep, snapshot

	// guarded by mu
	mu       sync.Mutex
	clients  []*Client
	lanes    map[laneKey]*Lane
	draining bool
	closed   bool
	swept    chan struct{} // closed by the next sweep; nil if nobody waits for it
	vacant   chan struct{} // one slot; holds a token when the last client left
}

// New starts a hub: its pumps and its sweep. Close ends them.
func New(c Config) *Hub {
	h := assemble(c)
	for _, p := range h.pumps {
		h.goroutines.Go(p.run) // ended by Close
	}
	h.goroutines.Go(h.sweepLoop) // ended by Close
	if h.snapshot != nil {
		h.goroutines.Go(func() { h.snapshot.follow(h.done) }) // ended by Close
	}
	return h
}

// assemble makes a hub whose goroutines do not run yet.
func assemble(c Config) *Hub {
	c = c.withDefaults()
	h := &Hub{
		queue: c.Queue, liveness: c.Liveness, maxAge: c.MaxAge,
		maxLanes: c.MaxLanes, demand: c.Demand, lanes: make(map[laneKey]*Lane),
		header: c.Header, latency: c.Latency,
		epoch: newEpoch(), backbone: c.Backbone,
		done: make(chan struct{}), vacant: make(chan struct{}, 1),
	}
	h.ring.init(c.Ring.Messages, c.Ring.Bytes)
	h.numbering.Store(&numbering{epoch: h.epoch, whole: Start{slot: 1}})
	h.source.Store(&sourceEvent{up: true})
	if c.Snapshot.Keys > 0 {
		h.snapshot = newSnapshot(&h.ring, c.Snapshot.Keys, c.Snapshot.Bytes)
	}
	for i := range c.Pumps {
		h.pumps = append(h.pumps, newPump(h, i))
	}
	return h
}

// Publish numbers a message, stores it and wakes the pumps. It waits for no client
// (I1). One goroutine at a time may call it.
func (h *Hub) Publish(in Input) {
	if in.Time.IsZero() {
		in.Time = time.Now()
	}
	h.prefix = h.prefix[:0]
	if h.header != nil {
		h.prefix = h.header(h.prefix, in.Kind, len(in.Payload))
	}
	frame := make([]byte, 0, len(h.prefix)+len(in.Payload))
	frame = append(append(frame, h.prefix...), in.Payload...)
	h.seq = h.numbering.Load().next(h.seq, in.Seq)
	h.ring.publish(&Message{seq: h.seq, kind: in.Kind, key: in.Key, time: in.Time, frame: frame, body: len(h.prefix)})
	for _, p := range h.pumps {
		p.poke()
	}
	if h.snapshot != nil {
		signal(h.snapshot.wake)
	}
	if all := h.followers.Load(); all != nil {
		for _, f := range *all {
			signal(f.wake)
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
