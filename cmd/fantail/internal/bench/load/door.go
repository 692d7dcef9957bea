package load

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// maxDialing bounds the handshakes under way.
	maxDialing = 512

	// maxReasons bounds the reasons that failures are told apart by.
	maxReasons = 32

	// drainTime bounds the look at a stalled client at the end.
	drainTime = time.Second
	// drainBuffer is its receive buffer from then on: with the small one it would
	// take longer than that to get at the end of a stream.
	drainBuffer = 1 << 20
)

// door opens the connections of a run and counts them.
type door struct {
	run       *run
	connected atomic.Int64
	readers   []int // static: the number of client i among those that read, or -1
	sampled   atomic.Int64

	mu         sync.Mutex
	stalled    []net.Conn              // guarded by mu
	evicted    int                     // of stalled; guarded by mu
	handshakes *hdrhistogram.Histogram // µs; guarded by mu
	failures   map[string]int          // by reason; guarded by mu
	followers  map[int]*sample         // of a storm, by client; guarded by mu

	began time.Time     // of connecting; by the goroutine of rest
	took  time.Duration // until the last handshake was done; by the goroutine of rest
}

func newDoor(r *run) *door {
	d := &door{run: r, handshakes: newHistogram(), failures: map[string]int{}, followers: map[int]*sample{}, began: time.Now()}
	n := 0
	for i := range r.config.Clients {
		if r.config.stalled(i) {
			d.readers = append(d.readers, -1)
			continue
		}
		d.readers = append(d.readers, n)
		n++
	}
	return d
}

// rest opens all connections but the first, at the configured rate.
func (d *door) rest(ctx context.Context) {
	var wg sync.WaitGroup
	free := make(chan struct{}, maxDialing)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := 1; i < d.run.config.Clients; i++ {
		due := d.began.Add(time.Duration(float64(i) / d.run.config.ConnectRate * float64(time.Second)))
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() { // ended by ctx, or handshakeTimeout
			d.one(ctx, i)
			<-free
		})
	}
	wg.Wait()
	d.took = time.Since(d.began)
}

// one opens the connection of client i and hands it to the engine, or keeps it
// if the client is never to read.
func (d *door) one(ctx context.Context, i int) error {
	began := time.Now()
	conn, early, err := d.run.dialer.dial(ctx, i, d.readers[i] < 0, "")
	if err == nil {
		d.succeeded(time.Since(began))
		err = d.admit(i, conn, early)
	}
	if err != nil && ctx.Err() == nil {
		d.fail(why(err))
	}
	return err
}

func (d *door) succeeded(took time.Duration) {
	d.connected.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	record(d.handshakes, took.Nanoseconds())
}

// admit gives the connection to whom it belongs.
func (d *door) admit(i int, conn net.Conn, early []byte) error {
	reader := d.readers[i]
	if reader < 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.stalled = append(d.stalled, conn)
		return nil
	}
	var s *sample
	if config := &d.run.config; config.sampled(reader) {
		s = &sample{format: config.Format, timePath: config.PathTime, seqPath: config.PathSeq}
		d.sampled.Add(1)
		if config.Storm {
			d.mu.Lock()
			d.followers[i] = s
			d.mu.Unlock()
		}
	}
	return d.read(i, conn, early, s)
}

// read has the engine read a connection of client i.
func (d *door) read(i int, conn net.Conn, early []byte, s *sample) error {
	shard := i % len(d.run.tallies)
	var r receiver
	if c := (client{tally: d.run.tallies[shard], sample: s, scan: Scanner{Compressed: d.run.config.Compress}}); d.run.config.Format == SSE {
		r = &events{client: c}
	} else {
		r = &c
	}
	return d.run.engine.add(shard, conn, r, early)
}

// followed returns the clients of a storm that know where to resume. It is
// called once nobody reads.
func (d *door) followed() map[int]*sample {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := maps.Clone(d.followers)
	maps.DeleteFunc(all, func(_ int, s *sample) bool { return s.position == "" })
	return all
}

// again opens the connection of client i behind its position. It tries until
// ctx ends: a relay may refuse some while all come at once.
func (d *door) again(ctx context.Context, i int, s *sample) {
	for ctx.Err() == nil {
		conn, early, err := d.run.dialer.dial(ctx, i, false, s.position)
		if err == nil {
			s.message, s.tooLong, s.inflater = s.message[:0], false, inflater{}
			s.awaited.begin(time.Now())
			err = d.read(i, conn, early, s)
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		d.fail(why(err))
		select {
		case <-ctx.Done():
		case <-time.After(tick):
		}
	}
}

func (d *door) fail(reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.failures[reason]; !known && len(d.failures) >= maxReasons {
		reason = "other reasons"
	}
	d.failures[reason]++
}

// failed returns how many clients could not connect so far.
func (d *door) failed() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.failures {
		n += k
	}
	return n
}

// clients and result return the door's part of the result.
func (d *door) clients() Clients {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Clients{
		Wanted: d.run.config.Clients, Connected: int(d.connected.Load()), Sampled: int(d.sampled.Load()),
		Stalled: len(d.stalled), Evicted: d.evicted,
	}
}

func (d *door) result() Connect {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := Connect{Handshake: spread(d.handshakes), Failures: []Failure{}}
	if d.took > 0 {
		c.PerS = float64(d.connected.Load()) / d.took.Seconds()
	}
	for why, n := range d.failures {
		c.Failures = append(c.Failures, Failure{why, n})
	}
	slices.SortFunc(c.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Why, b.Why))
	})
	return c
}

// drainStalled reads what the stalled clients have in their buffers: who comes
// to the end of the stream, or finds it reset, was evicted.
func (r *run) drainStalled() {
	d := r.door
	d.mu.Lock()
	conns := slices.Clone(d.stalled)
	d.mu.Unlock()
	var wg sync.WaitGroup
	var evicted atomic.Int64
	aside := newTally(&r.measuring, r.ends) // what they read now is nobody's figure
	for _, conn := range conns {
		wg.Go(func() { // ended by the deadline
			if over(conn, &client{tally: aside}) {
				evicted.Add(1)
			}
		})
	}
	wg.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.evicted = int(evicted.Load())
}

// over reads for drainTime and returns whether the server has ended the
// connection. How it did is added to c's endings.
func over(conn net.Conn, c *client) bool {
	if b, ok := conn.(interface{ SetReadBuffer(int) error }); ok {
		b.SetReadBuffer(drainBuffer)
	}
	conn.SetReadDeadline(time.Now().Add(drainTime))
	buf := make([]byte, 4*goroutineBuffer)
	for {
		n, err := conn.Read(buf)
		if _, e := c.take(buf[:n]); e != nil {
			err = e
		}
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			return false
		}
		if err != nil {
			c.ended(err)
			return true
		}
	}
}

// close closes the stalled clients' connections.
func (d *door) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.stalled {
		c.SetWriteDeadline(time.Now().Add(time.Millisecond))
		c.Write(goodbye())
		c.Close()
	}
}
