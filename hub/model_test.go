package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// TestModel lets random schedules run against a hub and holds what each client
// got against a plain slice of all that was published (see the checks of
// modelled): I3 and I4. MODEL_SEED=<n> runs one schedule again; FULL=1 runs many.
func TestModel(t *testing.T) {
	first, runs := uint64(time.Now().UnixNano()), uint64(250)
	switch {
	case os.Getenv("MODEL_SEED") != "":
		seed, err := strconv.ParseUint(os.Getenv("MODEL_SEED"), 10, 64)
		if err != nil {
			t.Fatalf("MODEL_SEED: %v", err)
		}
		first, runs = seed, 1
	case os.Getenv("FULL") != "":
		runs = 4000
	case testing.Short():
		runs = 50
	}
	var sum coverage
	for seed := first; seed < first+runs && !t.Failed(); seed++ {
		t.Run(fmt.Sprintf("MODEL_SEED=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newWorld(t, seed)
				x.run()
				sum.add(x)
			})
		})
	}
	t.Logf("%d schedules: %+v", runs, sum)
	if runs >= 250 {
		sum.mustBeWide(t)
	}
}

// world is a hub, what was published to it, and the clients that came to it.
type world struct {
	*fixture
	rnd      *rand.Rand
	config   Config
	raw      *modelFormat // without notices
	told     *modelFormat // with notices
	other    *modelFormat // with notices and frames of its own
	codec    *chainCodec
	keys     []string // of all that was published; sequence n is at n-1
	unlooked int      // messages published since the snapshotter was last known to be at the head
	drained  bool
	clients  []*modelled
}

func newWorld(t *testing.T, seed uint64) *world {
	rnd := rand.New(rand.NewPCG(seed, seed))
	c := Config{
		Ring: RingSize{Messages: 8 << rnd.IntN(5)}, Pumps: 1 + rnd.IntN(2), Liveness: Liveness{Heartbeat: 700 * time.Millisecond},
		Queue: Bounds{Messages: 2 + rnd.IntN(30), Stall: time.Duration(1+rnd.IntN(20)) * 100 * time.Millisecond},
	}
	if rnd.IntN(3) > 0 {
		c.Snapshot.Keys = 100 // above the number of keys there are
	}
	if rnd.IntN(4) == 0 {
		c.Ring.Bytes = 2000 + rnd.IntN(20_000)
		c.Snapshot.Bytes = 1 << 30
	}
	if rnd.IntN(5) == 0 {
		c.MaxAge = 3 * time.Second
	}
	if rnd.IntN(5) == 0 {
		c.Liveness.PingInterval, c.Liveness.PongTimeout = 600*time.Millisecond, 900*time.Millisecond
	}
	return &world{fixture: running(t, c), rnd: rnd, config: c,
		codec: &chainCodec{plain: 14}, raw: &modelFormat{}, told: &modelFormat{notices: true}, other: &modelFormat{notices: true, other: true}}
}

// run acts at random, lets all clients have everything, and ends the hub.
func (x *world) run() {
	for range 40 + x.rnd.IntN(160) {
		x.step()
	}
	x.settle()
	if x.rnd.IntN(2) == 0 {
		x.drain()
	}
	x.Close()
	for _, m := range x.clients {
		m.check()
	}
	if len(x.lanes) != 1 { // the fixture's own
		x.t.Errorf("%d lanes are left", len(x.lanes)-1)
	}
}

func (x *world) step() {
	switch n := x.rnd.IntN(100); {
	case n < 35:
		x.publish(1 + x.rnd.IntN(6))
	case n < 37:
		x.publish(1 + x.rnd.IntN(2*x.config.Ring.Messages))
	case n < 50:
		x.join(-1)
	case n < 75:
		x.disturbRoom()
	case n < 80:
		x.disturb()
	case n < 82:
		x.Source(x.rnd.IntN(2) == 0, time.Second)
	case n < 92:
		time.Sleep(time.Duration(x.rnd.IntN(300)) * time.Millisecond)
	default:
		synctest.Wait()
	}
}

// publish says n messages. The snapshotter is never lapped: what it does then
// is a test of its own.
func (x *world) publish(n int) {
	for range n {
		if x.unlooked++; x.snapshot != nil && (x.unlooked >= x.config.Ring.Messages || x.config.Ring.Bytes > 0) {
			x.wait()
		}
		key, size := fmt.Sprintf("%c%d", 'a'+rune(x.rnd.IntN(3)), x.rnd.IntN(4)), 8+x.rnd.IntN(60)
		if x.rnd.IntN(60) == 0 {
			size = 40_000
		}
		x.keys = append(x.keys, key)
		x.Publish(Input{Key: key, Payload: testPayload(uint64(len(x.keys)), size)})
	}
}

func (x *world) wait() {
	synctest.Wait()
	x.unlooked = 0
}

// join lets a client in: anywhere, or where one stands whose connection is over.
func (x *world) join(again int) {
	m := &modelled{world: x, conn: newConn(x.t, x.rnd.IntN(200)), format: x.raw}
	if x.rnd.IntN(3) == 0 {
		m.conn.room = wide
	}
	o := Options{Policy: m.chooseFormat()}
	m.chooseFilter()
	lane, err := m.chooseLane()
	if err != nil {
		x.t.Fatal(err)
	}
	o.Lane = lane
	m.policy = o.Policy
	m.begin(&o, again)
	if m.Client, err = x.Join(m.conn, o); err != nil {
		x.t.Fatal(err)
	}
	x.clients = append(x.clients, m)
}

// disturbRoom opens or shuts the socket of a client.
func (x *world) disturbRoom() {
	m := x.any()
	if m == nil {
		return
	}
	switch x.rnd.IntN(6) {
	case 0:
		m.conn.shut()
	case 1:
		m.conn.open(wide)
	case 2:
		for range 20 {
			m.conn.open(1)
			synctest.Wait()
		}
	default:
		m.conn.open(x.rnd.IntN(400))
	}
}

// disturb does something to a client, or lets one come back whose connection is over.
func (x *world) disturb() {
	i := x.rnd.IntN(max(1, len(x.clients)))
	if i >= len(x.clients) {
		return
	}
	m := x.clients[i]
	switch x.rnd.IntN(5) {
	case 0:
		m.Leave([]Reason{Draining, MaxAge, Slow, Flood}[x.rnd.IntN(4)])
	case 1:
		m.Close()
	case 2:
		m.Control(testFrame(framePong, "pong"))
	default:
		if closed, _ := m.conn.ended(); closed {
			x.join(i)
		}
	}
}

func (x *world) any() *modelled {
	if len(x.clients) == 0 {
		return nil
	}
	return x.clients[x.rnd.IntN(len(x.clients))]
}

// settle opens every socket until all clients that are there have everything.
func (x *world) settle() {
	for _, m := range x.clients {
		m.conn.open(wide)
	}
	pass(300 * time.Millisecond)
	for _, m := range x.clients {
		_, leaving := m.Reason()
		m.settled = !leaving
	}
}

func (x *world) drain() {
	x.drained = true
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	x.Drain(ctx, 3*time.Second)
	if n := x.Clients(); n > 0 {
		x.t.Errorf("%d clients are left behind a drain", n)
	}
}

// wide is room that no schedule uses up, and that may be added up.
const wide = 1 << 40
