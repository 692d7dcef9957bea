package hub

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"fantail/hub/peertest"
)

func TestJoinLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		f.say(5, 20)
		s := newConn(t, plenty)
		f.enter(s, f.Live())
		synctest.Wait()
		f.say(3, 20)
		synctest.Wait()
		decode(t, s.bytes()).mustHave(t, 6, 8)
	})
}

// A joiner's history goes out although nothing new is published.
func TestJoinWithHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		f.say(5000, 100)
		s := newConn(t, plenty)
		f.enter(s, f.Resume(f.position(1000)))
		synctest.Wait()
		decode(t, s.bytes()).mustHave(t, 1001, 5000)
	})
}

// The zero Start is the whole feed, or, if that is no longer held, an eviction
// that tells so.
func TestJoinAtZeroStart(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 8}})
	f.say(8, 20)
	whole := newConn(t, plenty)
	f.enter(whole, Start{})
	f.pumps[0].round()
	decode(t, whole.bytes()).mustHave(t, 1, 8)
	f.say(8, 20)
	late := newConn(t, plenty)
	f.enter(late, Start{})
	f.pumps[0].round()
	if r := decode(t, late.bytes()); r.order != "C" || r.closing != "slow "+f.position(0).String() {
		t.Errorf("frames %s, close %q", r.order, r.closing)
	}
}

// Clients of different places and lanes are each given their own, more of them
// than the cache of batches has room for.
func TestManyPlacesAndLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Pumps: 2})
		f.say(200, 300)
		var conns []*scriptConn
		for i := range 100 {
			s := newConn(t, plenty)
			lane := &testFormat{other: i%3 == 0}
			if _, err := f.Join(s, Options{Lane: f.reserve(lane), Start: f.Resume(f.position(uint64(i)))}); err != nil {
				t.Fatal(err)
			}
			conns = append(conns, s)
		}
		f.say(20, 300)
		synctest.Wait()
		for i, s := range conns {
			decode(t, s.bytes()).mustHave(t, uint64(i)+1, 220)
		}
	})
}

// All clients that were lapped at one place are told so, each with its own position.
func TestLappedTogether(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 8}})
	f.say(3, 20)
	var conns []*scriptConn
	for i := range 12 {
		conns = append(conns, newConn(t, plenty))
		f.enter(conns[i], f.Resume(f.position(uint64(i%3))))
	}
	f.say(100, 20) // before the pump's first round
	for range 3 {
		f.pumps[0].round()
	}
	for i, s := range conns {
		if r := decode(t, s.bytes()); r.order != "C" || r.closing != "slow "+f.position(uint64(i%3)).String() {
			t.Errorf("client %d: frames %s, close %q", i, r.order, r.closing)
		}
	}
}

// No client is always last.
func TestPassRotates(t *testing.T) {
	f := still(t, Config{})
	const n = 5
	var order []int
	for i := range n {
		f.enter(&orderConn{id: i, order: &order}, f.Live())
	}
	f.pumps[0].round()
	lasts := map[int]bool{}
	for range n {
		order = nil
		f.say(1, 20)
		f.pumps[0].round()
		if len(order) != n {
			t.Fatalf("a pass wrote to %v, want each of %d once", order, n)
		}
		lasts[order[n-1]] = true
	}
	if len(lasts) != n {
		t.Errorf("in %d passes only %v were last", n, lasts)
	}
}

// orderConn notes which client was written to.
type orderConn struct {
	nullConn
	id    int
	order *[]int
}

func (o *orderConn) TryWrite(p []byte) (int, error) {
	*o.order = append(*o.order, o.id)
	return len(p), nil
}

// A client whose lock is held is passed over, and visited again.
func TestBusyClientIsRevisited(t *testing.T) {
	f := still(t, Config{})
	held, free := newConn(t, plenty), newConn(t, plenty)
	c := f.enter(held, f.first())
	f.enter(free, f.first())
	p := f.pumps[0]
	p.round()
	f.say(1, 20)
	c.mu.Lock()
	p.round()
	c.mu.Unlock()
	decode(t, free.bytes()).mustHave(t, 1, 1)
	if len(held.bytes()) > 0 || len(p.next) != 1 {
		t.Fatalf("%d bytes, %d to be visited again; want none, one", len(held.bytes()), len(p.next))
	}
	p.round()
	decode(t, held.bytes()).mustHave(t, 1, 1)
}

// A message published while the pump is in a round is seen in the next: the
// pump clears pending before it looks.
func TestPokeDuringRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		s := newConn(t, plenty)
		nudge := &nudgeConn{scriptConn: s, f: f}
		f.enter(nudge, f.first())
		f.say(1, 20)
		synctest.Wait() // within one tick of the sweep: no backstop
		decode(t, s.bytes()).mustHave(t, 1, 10)
	})
}

// nudgeConn publishes from within a write, up to message 10.
type nudgeConn struct {
	*scriptConn
	f *fixture
}

func (n *nudgeConn) TryWrite(p []byte) (int, error) {
	if n.f.seq < 10 {
		n.f.say(1, 20)
	}
	return n.scriptConn.TryWrite(p)
}

// Join, Leave, Control and the hand-back all reach a sleeping pump at once, not
// by the sweep's backstop.
func TestEventsWakeThePump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		began := time.Now()
		s := newConn(t, plenty)
		c := f.enter(s, f.Live())
		synctest.Wait()
		c.Control(testFrame(framePong, ""))
		f.say(1, 20)
		synctest.Wait()
		c.Leave(MaxAge)
		synctest.Wait()
		if r := decode(t, s.bytes()); r.order != "QDC" || time.Since(began) != 0 {
			t.Errorf("frames %s after %v", r.order, time.Since(began))
		}
	})
}

func TestJoinsAreSpread(t *testing.T) {
	f := still(t, Config{Pumps: 3})
	var clients []*Client
	for range 30 {
		clients = append(clients, f.enter(nullConn{}, f.Live()))
	}
	for i, c := range clients {
		if i%3 == 0 {
			c.Close()
		}
	}
	for range 10 {
		f.enter(nullConn{}, f.Live())
	}
	for i, p := range f.pumps {
		if p.load.Load() != 10 {
			t.Errorf("pump %d has %d clients, want 10", i, p.load.Load())
		}
	}
}

// A pump keeps nothing of a client that is gone, whatever list it was in.
func TestPumpForgets(t *testing.T) {
	f := still(t, Config{})
	p, group := f.pumps[0], (*group)(nil)
	var clients []*Client
	for range 20 {
		clients = append(clients, f.enter(nullConn{}, f.Live()))
	}
	p.round()
	for i := range clients {
		clients[(i*7)%20].Close()
		f.say(i%2, 20)
		p.round()
		for _, g := range p.roster.groups {
			for at, c := range g.clients {
				if c.index != at || c.group != g {
					t.Fatalf("client at %d believes it is at %d", at, c.index)
				}
			}
			group = g
		}
	}
	for name, list := range map[string][]*Client{"group": group.clients, "mail": p.mail, "inbox": p.inbox, "behind": p.behind, "next": p.next, "gone": p.gone} {
		for _, c := range list[:cap(list)] {
			if c != nil {
				t.Errorf("%s keeps a client alive", name)
				break
			}
		}
	}
}

// I1: a publisher that never sleeps is not held up by a client that takes
// nothing, and the pump serves the other meanwhile.
func TestPublisherNeverPauses(t *testing.T) {
	const messages = 100_000
	f := running(t, Config{Ring: RingSize{Messages: 2 * messages}}) // no client is behind by more than a queue may hold
	all := &countConn{want: messages * frameLen, reached: make(chan struct{})}
	f.enter(newConn(t, 0), f.Live())
	f.enter(all, f.Live())
	for range messages / 100 {
		f.say(100, 20)
		runtime.Gosched()
	}
	select {
	case <-all.reached:
	case <-time.After(peertest.Patience):
		t.Fatalf("after %v: %+v", peertest.Patience, f.Stats())
	}
}

// countConn closes reached when it has been given want bytes.
type countConn struct {
	nullConn
	got, want int
	reached   chan struct{}
}

func (c *countConn) TryWrite(p []byte) (int, error) {
	if c.got += len(p); c.got == c.want {
		close(c.reached)
	}
	return len(p), nil
}

// One observation a pass that wrote something, never one a client.
func TestLatencyIsObservedOncePerPass(t *testing.T) {
	var seen observations
	f := still(t, Config{Latency: &seen})
	for range 100 {
		f.enter(nullConn{}, f.Live())
	}
	for range 3 {
		f.say(2, 20)
		f.pumps[0].round()
		f.pumps[0].round() // nothing new: no observation
	}
	if len(seen) != 3 || seen[0] < 0 || seen[0] > 10 {
		t.Errorf("observed %v, want three times some seconds", seen)
	}
}

type observations []float64

func (o *observations) Observe(v float64) { *o = append(*o, v) }
