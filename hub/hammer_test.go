package hub

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestHammer lets everything happen at once: joins from anywhere, leaves, evictions,
// pongs, answers, closing while a write is under way, sockets that take a few bytes,
// none, or break. Then it reads what each client got: whole frames, rising by one from
// its start (I3), and a close frame that tells the position after the last, or a
// connection that did not end in order (I4).
func TestHammer(t *testing.T) {
	length := time.Second
	if testing.Short() {
		length /= 5
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	f := running(t, Config{Ring: RingSize{Messages: 512}, Pumps: 2, Queue: Bounds{Messages: 200, Stall: 300 * time.Millisecond},
		Liveness: Liveness{PingInterval: 200 * time.Millisecond, PongTimeout: 200 * time.Millisecond}})
	x := &hammer{fixture: f, end: time.Now().Add(length), codec: &chainCodec{plain: 20}}

	var wg sync.WaitGroup
	for i := range uint64(4) {
		wg.Go(func() { x.act(rand.New(rand.NewPCG(seed, i))) }) // ends after length
	}
	x.publish(rand.New(rand.NewPCG(seed, 99)))
	wg.Wait()
	f.Close()

	for _, c := range x.all {
		c.check(t, f)
	}
	checkCounts(t, f.Stats(), len(x.all))
}

func checkCounts(t *testing.T, st Stats, joins int) {
	t.Helper()
	left := uint64(0)
	for _, n := range st.Leaves {
		left += n
	}
	if st.Clients != 0 || st.Drainers != 0 || st.Joins != uint64(joins) || left != st.Joins {
		t.Errorf("%d clients, %d drainers, %d joins, %d leaves; want 0, 0, %[5]d, %[5]d", st.Clients, st.Drainers, st.Joins, left, joins)
	}
	t.Logf("%d joins, leaves %v, %d deliveries", st.Joins, st.Leaves, st.Deliveries)
}

type hammer struct {
	*fixture
	end   time.Time
	codec *chainCodec

	mu  sync.Mutex
	all []*hammered
}

// hammered is one client of the hammer.
type hammered struct {
	*Client
	conn  *roughConn
	start uint64
}

func (x *hammer) publish(rnd *rand.Rand) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(x.end) {
		<-tick.C
		x.say(rnd.IntN(8), 8+rnd.IntN(100))
		if rnd.IntN(200) == 0 {
			x.say(1+rnd.IntN(600), 8) // up to more than the ring holds
		}
		if rnd.IntN(50) == 0 {
			x.say(1, 100_000) // more than a batch holds
		}
		x.open()
	}
}

// open lets every socket take something again.
func (x *hammer) open() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.all {
		select {
		case c.conn.wake <- struct{}{}:
		default:
		}
	}
}

// act joins clients and does things to its own.
func (x *hammer) act(rnd *rand.Rand) {
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	var mine []*hammered
	for time.Now().Before(x.end) {
		<-tick.C
		if len(mine) < 5 || rnd.IntN(20) == 0 {
			mine = append(mine, x.join(rnd))
		}
		i := rnd.IntN(len(mine))
		if c := mine[i]; c.disturb(rnd) {
			mine[i] = mine[len(mine)-1]
			mine = mine[:len(mine)-1]
		}
	}
}

func (x *hammer) join(rnd *rand.Rand) *hammered {
	start := x.Live()
	if head := start.seq; rnd.IntN(2) == 0 {
		start = x.Resume(x.position(head - min(head, rnd.Uint64N(600))))
	}
	s := &roughConn{t: x.t, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 0)), wake: make(chan struct{}, 1), done: make(chan struct{})}
	lane := &testFormat{other: rnd.IntN(4) == 0, mute: rnd.IntN(8) == 0}
	reserved := x.reserve(lane)
	if rnd.IntN(2) == 0 {
		x.Release(reserved)
		reserved = x.streamLane(x.codec)
	}
	c, err := x.Join(s, Options{Lane: reserved, Start: start})
	if err != nil {
		x.t.Error(err)
	}
	h := &hammered{c, s, start.seq}
	x.mu.Lock()
	x.all = append(x.all, h)
	x.mu.Unlock()
	return h
}

// disturb does something to a client and reports whether that was its end.
func (c *hammered) disturb(rnd *rand.Rand) (ended bool) {
	switch rnd.IntN(60) {
	default:
		c.Heard()
	case 10, 11, 12, 13, 14, 15, 16, 17, 18, 19:
		c.Control(testFrame(framePong, strings.Repeat("x", rnd.IntN(20))))
	case 20:
		c.Leave(Draining)
	case 21:
		c.Leave(Reason(1 + rnd.IntN(Reasons-1)))
	case 22:
		c.Answer(testFrame(frameClose, "echo"))
		return c.Close() == nil
	case 23:
		return c.Close() == nil
	case 24:
		c.Position()
		c.hub.Slowest(3)
		c.hub.Stats()
	}
	return false
}

// check holds what the client got against I3 and I4.
func (c *hammered) check(t *testing.T, f *fixture) {
	t.Helper()
	r := decode(t, c.conn.got)
	at := c.Position()
	if len(r.seqs) > 0 && (r.seqs[0] != c.start+1 || r.last() != at.Seq) {
		t.Errorf("joined behind %d, told to stand at %v, got %s", c.start, at, r)
	}
	why, _ := c.Reason()
	want := fmt.Sprintf("%s %s", why, at)
	if why == Gone {
		want = r.closing // the oldest position of that moment
	}
	if r.closing != "" && r.closing != "echo" && r.closing != want {
		t.Errorf("close %q, want %q", r.closing, want)
	}
	if orderly := c.conn.closed && !c.conn.reset && !c.conn.broken; orderly && r.cut > 0 {
		t.Errorf("an orderly end inside a frame: %s", r)
	}
	if !c.conn.closed {
		t.Error("never closed")
	}
}

// roughConn takes what chance allows, until chance breaks it. Its fields are
// guarded by the client's lock, which the hub holds around TryWrite: -race would
// tell otherwise.
type roughConn struct {
	t      testing.TB
	rnd    *rand.Rand
	wake   chan struct{} // one slot; never closed
	done   chan struct{} // closed by Close
	got    []byte
	broken bool

	mu     sync.Mutex
	closed bool
	reset  bool
}

func (s *roughConn) TryWrite(p []byte) (int, error) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed || s.broken {
		s.t.Error("TryWrite after Close or an error")
	}
	n := len(p)
	switch s.rnd.IntN(2000) {
	case 0:
		s.broken, n = true, s.rnd.IntN(n+1)/2
		s.got = append(s.got, p[:n]...)
		return n, errPipe
	default:
		if s.rnd.IntN(3) == 0 {
			n = s.rnd.IntN(min(n, 4096) + 1)
		}
		if s.rnd.IntN(6) == 0 {
			n = 0
		}
	}
	s.got = append(s.got, p[:n]...)
	return n, nil
}

func (s *roughConn) WaitWritable(try func() bool) error {
	for {
		select {
		case <-s.done:
			return net.ErrClosed
		default:
		}
		if try() {
			return nil
		}
		select {
		case <-s.wake:
		case <-s.done:
		}
	}
}

func (s *roughConn) Close(reset bool) error {
	s.mu.Lock()
	s.closed, s.reset = true, reset
	s.mu.Unlock()
	close(s.done)
	return nil
}
