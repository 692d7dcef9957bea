package hub

import (
	"runtime"
	"time"
)

// Config is how a Hub is made. Zero values take the defaults.
type Config struct {
	Ring     RingSize     // the messages that are kept for slow and returning clients
	Queue    Bounds       // what a client may be behind; Messages and Bytes default to half the ring's, Stall to 10 s
	Snapshot SnapshotSize // the newest message of each key, for snapshots and conflation
	Liveness Liveness     // how the hub and its clients notice that the other is gone

	// MaxAge is the age at which a connection is told to come back, so that clients
	// spread again over relays. Each client's age is drawn from the last tenth before
	// it. 0 is any age.
	MaxAge time.Duration

	// MaxLanes bounds the different pairs of format and filter in use at once,
	// default 4,096.
	MaxLanes int

	// Pumps is the number of writer goroutines, default max(1, GOMAXPROCS-1).
	// GOMAXPROCS should be larger, because a pump hardly ever rests under load.
	Pumps int

	// Backbone says that Adopt will be called once the source is reached. Until then
	// Await knows no position.
	Backbone bool

	// Demand is told which keys clients want. nil tells nobody.
	Demand *Demand

	// Header appends what precedes a payload in the frame that is stored with each
	// message, so that the most common lane needs no second copy of the feed. length is
	// that of the payload, in bytes. nil is no header.
	Header func(dst []byte, kind Kind, length int) []byte

	// Latency observes, once a pass, the seconds from the receive time of the newest
	// message to the end of the pass that wrote it. nil observes nothing.
	Latency Observer
}

// RingSize bounds the ring.
type RingSize struct {
	Messages int // default 65,536
	Bytes    int // of messages, and of an eighth for cached encodings, default 128 MiB
}

// SnapshotSize bounds the snapshot.
type SnapshotSize struct {
	Keys  int // 0 is no snapshot
	Bytes int // of its messages, default half the ring's
}

// Liveness says how long a silence may last before it is broken, and before it ends a
// client.
type Liveness struct {
	PingInterval time.Duration // silence of a client before it gets a ping, 0 for no pings
	PongTimeout  time.Duration // silence after the ping before the client is closed, default 10 s
	Heartbeat    time.Duration // silence towards a client with notices before it gets a heartbeat, default 25 s
}

// Observer takes measurements. A Prometheus histogram is one.
type Observer interface{ Observe(float64) }

func (c Config) withDefaults() Config {
	orDefault(&c.Ring.Messages, 65536)
	orDefault(&c.Ring.Bytes, 128<<20)
	orDefault(&c.Queue.Messages, max(1, c.Ring.Messages/2))
	orDefault(&c.Queue.Bytes, c.Ring.Bytes/2)
	orDefault(&c.Queue.Stall, 10*time.Second)
	orDefault(&c.Snapshot.Bytes, c.Ring.Bytes/2)
	orDefault(&c.Liveness.PongTimeout, 10*time.Second)
	orDefault(&c.Liveness.Heartbeat, 25*time.Second)
	orDefault(&c.MaxLanes, 4096)
	orDefault(&c.Pumps, max(1, runtime.GOMAXPROCS(0)-1))
	return c
}

func orDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
