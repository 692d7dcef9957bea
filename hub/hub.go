package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Config is how a Hub is made. Zero values take the defaults.
type Config struct {
	Messages int // the ring's bound, default 65,536
	Bytes    int // the ring's bound, messages and an eighth for cached encodings, default 128 MiB

	// Queue bounds each client. Messages and Bytes default to half the ring's,
	// Stall to 10 s.
	Queue Bounds

	PingInterval time.Duration // silence before a ping, 0 is never
	PongTimeout  time.Duration // silence behind the ping before the client is given up, default 10 s

	// MaxAge is how old a connection may grow before it is told to come back, so
	// that clients spread anew over relays. Each client's is drawn from the last
	// tenth before it. 0 is any age.
	MaxAge time.Duration

	// SnapshotKeys and SnapshotBytes bound the newest messages, one of each key,
	// that are kept for snapshots and conflation. 0 keys is no snapshot; bytes
	// default to half the ring's.
	SnapshotKeys, SnapshotBytes int

	// Heartbeat is the silence after which a client that has notices is told
	// that all is well, default 25 s.
	Heartbeat time.Duration

	// MaxLanes bounds the different pairs of format and filter in use at once,
	// default 4,096.
	MaxLanes int

	// Backbone says that Adopt will be called once the source is reached. Until
	// then Await does not know of any position.
	Backbone bool

	// Demand is told which keys clients want. nil = nobody asks.
	Demand *Demand

	// Pumps is the number of writer goroutines, default max(1, GOMAXPROCS-1).
	// GOMAXPROCS should be above it: a pump hardly ever rests under load.
	Pumps int

	// Header appends what stands before a payload in the frame that is stored
	// with each message, so that the commonest lane needs no second copy of the
	// feed. It sees the payload's length. nil is no header.
	Header func(dst []byte, kind Kind, length int) []byte

	// Latency observes, once a pass, the seconds from the newest message's
	// receive time to the end of the pass that wrote it. nil is nobody.
	Latency Observer
}

// Observer takes measurements; a Prometheus histogram is one.
type Observer interface{ Observe(float64) }

// Hub is the ring and those who read it. Publish belongs to one goroutine;
// everything else may be called by any.
type Hub struct {
	// static after New
	queue        Bounds
	pingInterval time.Duration
	pongTimeout  time.Duration
	maxAge       time.Duration
	heartbeat    time.Duration
	maxLanes     int
	demand       *Demand   // nil if nobody asks
	snapshot     *snapshot // nil if none is kept
	header       func([]byte, Kind, int) []byte
	latency      Observer
	epoch        string // of what was numbered before the present numbering, and of the first
	backbone     bool
	pumps        []*pump
	done         chan struct{} // closed by Close

	ring ring

	// owned by the publisher
	seq    uint64 // of the newest message, or of what Adopt was told
	prefix []byte // the header being made

	numbering atomic.Pointer[numbering] // written by the publisher, read by anybody

	// atomic
	clock    atomic.Int64 // ns that the hub has run, moved by the sweep alone
	drainers atomic.Int64
	deepest  atomic.Int64
	source   atomic.Pointer[sourceEvent]
	tally    tally

	streaming     atomic.Int64
	streamVersion atomic.Uint64               // counts the times that a follower had something to show
	followers     atomic.Pointer[[]*follower] // stored under mu; a list does not change once it is here

	goroutines sync.WaitGroup // pumps, drainers, followers, sweep

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
		queue: c.Queue, pingInterval: c.PingInterval, pongTimeout: c.PongTimeout, maxAge: c.MaxAge, heartbeat: c.Heartbeat,
		maxLanes: c.MaxLanes, demand: c.Demand, lanes: make(map[laneKey]*Lane),
		header: c.Header, latency: c.Latency,
		epoch: newEpoch(), backbone: c.Backbone,
		done: make(chan struct{}), vacant: make(chan struct{}, 1),
	}
	h.ring.init(c.Messages, c.Bytes)
	h.numbering.Store(&numbering{epoch: h.epoch, whole: Start{slot: 1}})
	h.source.Store(&sourceEvent{up: true})
	if c.SnapshotKeys > 0 {
		h.snapshot = newSnapshot(&h.ring, c.SnapshotKeys, c.SnapshotBytes)
	}
	for i := range c.Pumps {
		h.pumps = append(h.pumps, newPump(h, i))
	}
	return h
}

func (c Config) withDefaults() Config {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&c.Messages, 65536)
	def(&c.Bytes, 128<<20)
	def(&c.Queue.Messages, max(1, c.Messages/2))
	def(&c.Queue.Bytes, c.Bytes/2)
	def(&c.SnapshotBytes, c.Bytes/2)
	def(&c.MaxLanes, 4096)
	def(&c.Pumps, max(1, runtime.GOMAXPROCS(0)-1))
	if c.Queue.Stall <= 0 {
		c.Queue.Stall = 10 * time.Second
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 25 * time.Second
	}
	if c.PongTimeout <= 0 {
		c.PongTimeout = 10 * time.Second
	}
	return c
}

// Publish numbers a message, stores it and wakes the pumps. It waits for
// nobody (I1). One goroutine at a time may call it.
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
