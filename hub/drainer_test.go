package hub

import (
	"testing"
	"testing/synctest"
	"time"
)

// blocked starts a hub with one client whose socket is full and whose drainer
// is parked inside the first of n messages of size bytes.
func blocked(t *testing.T, c Config, n, size int) (*fixture, *Client, *scriptConn) {
	f := running(t, c)
	s := newConn(t, 10)
	client := f.enter(s, f.first())
	f.say(n, size)
	synctest.Wait()
	if !s.parked() || f.Stats().Drainers != 1 {
		t.Fatalf("parked %v, %d drainers; want a parked one", s.parked(), f.Stats().Drainers)
	}
	return f, client, s
}

// The first refusal is retried: a drainer is for a socket that stays full.
func TestFirstRefusalIsRetried(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty, step{n: 0})
	c := f.enter(s, f.first())
	p := f.pumps[0]
	f.say(1, 20)
	p.round()
	if len(p.next) != 1 || c.hasDrainer() {
		t.Fatalf("%d to be visited again, drainer %v; want one, none", len(p.next), c.hasDrainer())
	}
	p.round()
	if c.hasDrainer() || c.wasFull {
		t.Fatal("the retry was not enough")
	}
	decode(t, s.bytes()).mustHave(t, 1, 1)
}

func TestDrainerHandsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c, s := blocked(t, Config{}, 50, 1000)
		s.open(plenty)
		synctest.Wait()
		if c.hasDrainer() || f.Stats().Drainers != 0 || c.Position().Seq != 50 {
			t.Fatalf("%d drainers at position %v; want none, at 50", f.Stats().Drainers, c.Position())
		}
		f.say(5, 1000) // by the pump
		synctest.Wait()
		decode(t, s.bytes()).mustHave(t, 1, 55)
		if st := f.Stats(); st.Deliveries != 55 || int(st.DeliveredBytes) != len(s.bytes()) {
			t.Errorf("%d deliveries of %d bytes counted, want 55 of %d", st.Deliveries, st.DeliveredBytes, len(s.bytes()))
		}
	})
}

// A socket that opens and fills again moves its client to and fro between pump
// and drainer, for every size of opening, without harm to a frame (I3).
func TestFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for opening := 1; opening < 4*frameLen; opening += 7 {
			f := running(t, Config{})
			s := newConn(t, 0)
			f.enter(s, f.first())
			for range 60 {
				f.say(1, 20)
				synctest.Wait()
				s.open(opening)
				synctest.Wait()
			}
			s.open(plenty)
			synctest.Wait()
			decode(t, s.bytes()).mustHave(t, 1, 60)
			f.Close()
		}
	})
}

// The pump may start another drainer the moment the first has handed the client
// back: the first must not take the second's mandate for its own.
func TestDrainerDoesNotOutstayHandBack(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.first())
	f.say(1, 20)
	c.drainer = true
	s.afterTry = func() {
		if c.hasDrainer() {
			t.Error("not handed back")
		}
		c.drainer = true // as handOff does for the second
	}
	if c.drainStep(new(batch)) {
		t.Error("two drainers write to one client")
	}
	if !c.hasDrainer() {
		t.Error("the first drainer dismissed the second")
	}
}

// A client may stand in the pump's lists several times: it posts whenever there
// is something to look at. It is given one drainer all the same.
func TestOneDrainerHoweverOftenVisited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := still(t, Config{})
		s := newConn(t, 0)
		c := f.enter(s, f.first())
		p := f.pumps[0]
		p.round()
		f.say(1, 20)
		p.seen = 1 // no pass: the lists alone
		for range 7 {
			p.post(c)
		}
		p.round()
		synctest.Wait()
		if n := f.Stats().Drainers; n != 1 || c.index != -1 {
			t.Fatalf("%d drainers, index %d in the pump; want 1, none", n, c.index)
		}
		p.round()
		s.open(plenty)
		synctest.Wait()
		decode(t, s.bytes()).mustHave(t, 1, 1)
		if p.round(); c.index != 0 || len(p.roster.groups) != 1 || len(c.group.clients) != 1 {
			t.Errorf("index %d of %d groups; want the client back", c.index, len(p.roster.groups))
		}
	})
}

// What waits for a boundary goes out while the client is the drainer's.
func TestDrainerSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, s := blocked(t, Config{}, 2, 20)
		c.Control(testFrame(framePong, "x"))
		s.open(frameLen - 10 + testHeaderLen + 1)
		synctest.Wait()
		if r := decode(t, s.bytes()); r.order != "DQ" {
			t.Fatalf("frames %s, want the cut one, then the pong", r.order)
		}
		c.Leave(Uplink)
		s.open(plenty)
		synctest.Wait()
		if r := decode(t, s.bytes()); r.order != "DQC" && r.order != "DQDC" {
			t.Fatalf("frames %s, want the close frame last", r.order)
		}
	})
}

// A frame that finds no room is waited for although there is no message to send.
func TestControlAndCloseWaitForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		s := newConn(t, 0)
		c := f.enter(s, f.Live())
		synctest.Wait()
		c.Control(testFrame(framePong, ""))
		synctest.Wait()
		s.open(testHeaderLen)
		synctest.Wait()
		if r := decode(t, s.bytes()); r.order != "Q" {
			t.Fatalf("frames %q, want the pong", r.order)
		}
		c.Leave(Uplink)
		synctest.Wait()
		s.open(plenty)
		synctest.Wait()
		if r := decode(t, s.bytes()); r.order != "QC" {
			t.Fatalf("frames %q, want the close frame", r.order)
		}
	})
}

func TestDrainerEndsWithClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c, s := blocked(t, Config{}, 2, 20)
		c.Close()
		synctest.Wait()
		if f.Stats().Drainers != 0 || s.parked() {
			t.Error("the drainer outlives its client")
		}
		mustClose(t, s, true)
	})
}

func TestDrainerWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, s := blocked(t, Config{}, 2, 20)
		s.mu.Lock()
		s.steps = []step{{3, errPipe}}
		s.mu.Unlock()
		s.open(plenty)
		pass(2 * sweepEvery)
		if st := f.Stats(); st.Clients != 0 || st.Leaves[Left] != 1 || st.Drainers != 0 {
			t.Errorf("%d clients, leaves %v, %d drainers", st.Clients, st.Leaves, st.Drainers)
		}
	})
}

// A drainer that is lapped while parked finishes its frame, and then the client
// is told where it stands (I4).
func TestDrainerLapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, s := blocked(t, Config{Ring: RingSize{Messages: 8}, Queue: Bounds{Messages: 8, Bytes: 1 << 20}}, 1, 20)
		f.say(100, 20)
		s.open(plenty)
		synctest.Wait()
		r := decode(t, s.bytes())
		if r.mustHave(t, 1, 1); r.closing != "slow "+f.position(1).String() {
			t.Fatalf("close %q, want slow behind message 1", r.closing)
		}
		pass(linger + 2*sweepEvery)
		mustClose(t, s, false)
	})
}

// However far a client is behind, it is served in batches and loses nothing.
func TestDrainerCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, s := blocked(t, Config{}, 2000, 500)
		for s.parked() {
			s.open(40_000)
			pass(time.Millisecond)
		}
		decode(t, s.bytes()).mustHave(t, 1, 2000)
		if f.Stats().Leaves[Slow] != 0 {
			t.Error("evicted while it caught up")
		}
	})
}
