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

	// maxReasons bounds the reasons by which failures are counted.
	maxReasons = 32

	// drainTime bounds the look at a stalled client at the end.
	drainTime = time.Second
	// drainBuffer is the receive buffer of that client from then on. With the small
	// buffer it would not reach the end of its stream in that time.
	drainBuffer = 1 << 20
)

// connector opens and counts the connections of a run. Any goroutine may call its
// methods.
type connector struct {
	run       *run
	connected atomic.Int64
	readers   []int // static: the number of client i among the clients that read, or -1
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

func newConnector(r *run) *connector {
	cn := &connector{run: r, handshakes: newHistogram(), failures: map[string]int{}, followers: map[int]*sample{}, began: time.Now()}
	n := 0
	for i := range r.config.Clients {
		if r.config.stalled(i) {
			cn.readers = append(cn.readers, -1)
			continue
		}
		cn.readers = append(cn.readers, n)
		n++
	}
	return cn
}

// rest opens all connections but the first, at the configured rate.
func (cn *connector) rest(ctx context.Context) {
	var wg sync.WaitGroup
	free := make(chan struct{}, maxDialing)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := 1; i < cn.run.config.Clients; i++ {
		due := cn.began.Add(time.Duration(float64(i) / cn.run.config.ConnectRate * float64(time.Second)))
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
			cn.one(ctx, i)
			<-free
		})
	}
	wg.Wait()
	cn.took = time.Since(cn.began)
}

// one opens the connection of client i and hands it to the engine, or keeps it
// if the client is never to read.
func (cn *connector) one(ctx context.Context, i int) error {
	began := time.Now()
	conn, early, err := cn.run.dialer.dial(ctx, i, cn.readers[i] < 0, "")
	if err == nil {
		cn.succeeded(time.Since(began))
		err = cn.admit(i, conn, early)
	}
	if err != nil && ctx.Err() == nil {
		cn.fail(why(err))
	}
	return err
}

func (cn *connector) succeeded(took time.Duration) {
	cn.connected.Add(1)
	cn.mu.Lock()
	defer cn.mu.Unlock()
	record(cn.handshakes, took.Nanoseconds())
}

// admit hands the connection of client i to the engine, or keeps it if the client
// never reads.
func (cn *connector) admit(i int, conn net.Conn, early []byte) error {
	reader := cn.readers[i]
	if reader < 0 {
		cn.mu.Lock()
		defer cn.mu.Unlock()
		cn.stalled = append(cn.stalled, conn)
		return nil
	}
	var s *sample
	if config := &cn.run.config; config.sampled(reader) {
		s = &sample{format: config.Format, timePath: config.PathTime, seqPath: config.PathSeq}
		cn.sampled.Add(1)
		if config.Storm {
			cn.mu.Lock()
			cn.followers[i] = s
			cn.mu.Unlock()
		}
	}
	return cn.read(i, conn, early, s)
}

// read has the engine read a connection of client i.
func (cn *connector) read(i int, conn net.Conn, early []byte, s *sample) error {
	shard := i % len(cn.run.tallies)
	var r receiver
	if c := (client{tally: cn.run.tallies[shard], sample: s, scan: Scanner{Compressed: cn.run.config.Compress}}); cn.run.config.Format == SSE {
		r = &events{client: c}
	} else {
		r = &c
	}
	return cn.run.engine.add(shard, conn, r, early)
}

// followed returns the clients of a storm that know where to resume. It is
// called once nobody reads.
func (cn *connector) followed() map[int]*sample {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	all := maps.Clone(cn.followers)
	maps.DeleteFunc(all, func(_ int, s *sample) bool { return s.position == "" })
	return all
}

// again opens the connection of client i after its position. It tries until
// ctx ends: a relay may refuse some while all come at once.
func (cn *connector) again(ctx context.Context, i int, s *sample) {
	for ctx.Err() == nil {
		conn, early, err := cn.run.dialer.dial(ctx, i, false, s.position)
		if err == nil {
			s.message, s.tooLong, s.inflater = s.message[:0], false, inflater{}
			s.awaited.begin(time.Now())
			err = cn.read(i, conn, early, s)
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		cn.fail(why(err))
		select {
		case <-ctx.Done():
		case <-time.After(tick):
		}
	}
}

func (cn *connector) fail(reason string) {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if _, known := cn.failures[reason]; !known && len(cn.failures) >= maxReasons {
		reason = "other reasons"
	}
	cn.failures[reason]++
}

// failed returns how many clients could not connect so far.
func (cn *connector) failed() (n int) {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	for _, k := range cn.failures {
		n += k
	}
	return n
}

// clients and result return the connector's part of the result.
func (cn *connector) clients() Clients {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	return Clients{
		Wanted: cn.run.config.Clients, Connected: int(cn.connected.Load()), Sampled: int(cn.sampled.Load()),
		Stalled: len(cn.stalled), Evicted: cn.evicted,
	}
}

func (cn *connector) result() Connect {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	c := Connect{Handshake: spread(cn.handshakes), Failures: []Failure{}}
	if cn.took > 0 {
		c.PerS = float64(cn.connected.Load()) / cn.took.Seconds()
	}
	for why, n := range cn.failures {
		c.Failures = append(c.Failures, Failure{why, n})
	}
	slices.SortFunc(c.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Why, b.Why))
	})
	return c
}

// drainStalled reads the buffers of the stalled clients. A client whose stream has ended
// or was reset has been evicted.
func (r *run) drainStalled() {
	cn := r.connector
	cn.mu.Lock()
	conns := slices.Clone(cn.stalled)
	cn.mu.Unlock()
	var wg sync.WaitGroup
	var evicted atomic.Int64
	aside := newTally(&r.measuring, r.ends) // for bytes that belong to no figure
	for _, conn := range conns {
		wg.Go(func() { // ended by the deadline
			if over(conn, &client{tally: aside}) {
				evicted.Add(1)
			}
		})
	}
	wg.Wait()
	cn.mu.Lock()
	defer cn.mu.Unlock()
	cn.evicted = int(evicted.Load())
}

// over reads for drainTime and reports whether the server has ended the connection. It
// adds the way in which it did to c's endings.
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
func (cn *connector) close() {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	for _, c := range cn.stalled {
		c.SetWriteDeadline(time.Now().Add(time.Millisecond))
		c.Write(goodbye())
		c.Close()
	}
}
