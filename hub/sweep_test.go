package hub

import (
	"testing"
	"testing/synctest"
	"time"
)

// evicted fails the test unless the client was closed by a reset, its close
// frame having found no room.
func evicted(t *testing.T, f *fixture, s *scriptConn) {
	t.Helper()
	mustClose(t, s, true)
	if st := f.Stats(); st.Leaves[Slow] != 1 || st.Clients != 0 || st.Drainers != 0 {
		t.Errorf("%d left as slow, %d clients, %d drainers; want 1, 0, 0", st.Leaves[Slow], st.Clients, st.Drainers)
	}
}

func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, s := blocked(t, Config{Queue: Bounds{Stall: 5 * time.Second}}, 1, 20)
		pass(5*time.Second - sweepEvery)
		if mustBeOpen(t, s); f.Stats().Leaves[Slow] != 0 {
			t.Error("evicted before its time")
		}
		pass(linger + 3*sweepEvery)
		evicted(t, f, s)
	})
}

// One byte of a long message is progress.
func TestProgressWithinMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, s := blocked(t, Config{Queue: Bounds{Stall: time.Second}}, 1, 1000)
		for range 20 {
			s.open(1)
			pass(900 * time.Millisecond)
		}
		mustBeOpen(t, s)
		pass(3 * time.Second)
		evicted(t, f, s)
	})
}

// A client that owes nothing may be silent for as long as it likes.
func TestIdleIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Queue: Bounds{Stall: time.Second}})
		s := newConn(t, 0)
		f.enter(s, f.Live())
		pass(time.Hour)
		f.say(1, 20)
		pass(900 * time.Millisecond)
		if mustBeOpen(t, s); f.Stats().Leaves[Slow] != 0 {
			t.Error("the hour before counted")
		}
	})
}

// A client that the pump has not come to is not to blame: a relay that is short
// of processors would send all of them away at once.
func TestUnvisitedIsNoStall(t *testing.T) {
	f := still(t, Config{Queue: Bounds{Stall: time.Second}})
	s := newConn(t, 0)
	f.enter(s, f.Live())
	f.say(3, 20)
	for range 100 {
		f.clock.Add(int64(sweepEvery))
		f.sweep()
	}
	if mustBeOpen(t, s); f.Stats().Leaves[Slow] != 0 {
		t.Error("sent away although nothing was ever written to it")
	}
}

// What a socket took before it was full is no sign of life.
func TestFillingIsNoSignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, s := blocked(t, Config{Liveness: Liveness{PingInterval: time.Minute}}, 1, 1000)
		pass(10 * sweepEvery)
		mustBeOpen(t, s)
		if at := time.Duration(c.heard.Load()); at > 0 {
			t.Errorf("heard at %v from a peer that said nothing", at)
		}
		s.open(1)
		pass(3 * sweepEvery)
		if c.heard.Load() == 0 {
			t.Error("a full socket that took more was not a sign of life")
		}
	})
}

func TestQueueBounds(t *testing.T) {
	tests := []struct {
		name        string
		bounds      Bounds
		fit, excess int // messages
		size        int
	}{
		{"messages", Bounds{Messages: 10, Bytes: 1 << 20}, 11, 1, 20},
		{"bytes", Bounds{Messages: 1000, Bytes: 10 * (frameLen + messageOverhead)}, 11, 1, 20},
		{"messages larger than the bound, one behind another", Bounds{Messages: 1000, Bytes: 1000}, 2, 1, 10_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := running(t, Config{Queue: tt.bounds})
				s := newConn(t, 10)
				f.enter(s, f.Live())
				pass(2 * sweepEvery) // it has caught up
				f.say(tt.fit, tt.size)
				pass(2 * sweepEvery)
				if f.Stats().Leaves[Slow] != 0 || f.clients[0].state.leaving {
					t.Fatal("evicted at its bound")
				}
				if got := f.Stats().DeepestQueue; got != tt.fit-1 {
					t.Errorf("deepest queue %d, want %d", got, tt.fit-1)
				}
				f.say(tt.excess, tt.size)
				pass(linger + 3*sweepEvery)
				evicted(t, f, s)
			})
		})
	}
}

// S1: the position told is that of the last whole message, and the client can
// resume from it without loss (I4).
func TestEvictedClientResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c, s := blocked(t, Config{Queue: Bounds{Messages: 50}}, 1, 20)
		pass(2 * sweepEvery)
		f.say(100, 20)
		pass(2 * sweepEvery)
		s.open(frameLen - 10 + 100) // for the cut frame and the close frame
		pass(time.Millisecond)
		r := decode(t, s.bytes())
		if r.mustHave(t, 1, 1); r.closing != "slow "+c.Position().String() {
			t.Fatalf("close %q at %v", r.closing, c.Position())
		}
		next := newConn(t, plenty)
		f.enter(next, f.Resume(c.Position()))
		synctest.Wait()
		decode(t, next.bytes()).mustHave(t, 2, 101)
	})
}

// A client that resumes far back is bound by time and the ring alone until it
// has been near the head once; after that its bounds hold.
func TestCatchingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Queue: Bounds{Messages: 100, Stall: 5 * time.Second}})
		f.say(10_000, 20)
		s := newConn(t, 0)
		f.enter(s, f.first())
		for range 100 {
			s.open(100 * frameLen)
			pass(time.Second)
			mustBeOpen(t, s)
		}
		decode(t, s.bytes()).mustHave(t, 1, 10_000)
		f.say(200, 20)
		pass(linger + 3*sweepEvery)
		evicted(t, f, s)
	})
}

// One message alone is never too much: neither while it is written, nor while it waits
// after the one that is being written.
func TestSingleMessageLargerThanQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Queue: Bounds{Messages: 100, Bytes: 1000}})
		s := newConn(t, 10)
		f.enter(s, f.Live())
		pass(2 * sweepEvery)
		f.say(1, 20)
		f.say(1, 100_000)
		for range 30 {
			pass(sweepEvery)
			s.open(4000)
		}
		synctest.Wait()
		mustBeOpen(t, s)
		decode(t, s.bytes()).mustHave(t, 1, 2)
	})
}

// The sweep finds a client that was lapped while it is parked, catching up or
// not.
func TestSweepFindsLapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, s := blocked(t, Config{Ring: RingSize{Messages: 16}, Queue: Bounds{Messages: 1000, Bytes: 1 << 20}}, 1, 20)
		f.say(15, 20) // message 1, which it is in the middle of, is the oldest
		pass(2 * sweepEvery)
		f.say(1, 20) // it may still go on with message 2
		pass(2 * sweepEvery)
		if f.clients[0].state.leaving {
			t.Fatal("evicted though the next message is still held")
		}
		f.say(1, 20)
		pass(linger + 3*sweepEvery)
		evicted(t, f, s)
	})
}

func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Liveness: Liveness{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second}})
		s := newConn(t, plenty)
		c := f.enter(s, f.Live())
		for n := range 3 {
			pass(29 * time.Second)
			if r := decode(t, s.bytes()); len(r.order) != n {
				t.Fatalf("pinged after 29 s: %s", r.order)
			}
			pass(2 * time.Second)
			if r := decode(t, s.bytes()); len(r.order) != n+1 {
				t.Fatalf("not pinged after 31 s: %s", r.order)
			}
			c.Heard() // the pong
		}
		pass(31 * time.Second)
		pass(8 * time.Second)
		c.Heard() // any byte, at the last moment
		pass(29 * time.Second)
		if r := decode(t, s.bytes()); r.order != "PPPP" {
			t.Fatalf("frames %s, want four pings", r.order)
		}
	})
}

func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Liveness: Liveness{PingInterval: 30 * time.Second}}) // the timeout's default is 10 s
		s := newConn(t, plenty)
		f.enter(s, f.Live())
		pass(39 * time.Second)
		if r := decode(t, s.bytes()); r.order != "P" {
			t.Fatalf("frames %s, want a ping", r.order)
		}
		pass(1500 * time.Millisecond)
		if r := decode(t, s.bytes()); r.closing != "silent "+f.position(0).String() {
			t.Fatalf("close %q, want silent", r.closing)
		}
		pass(linger + sweepEvery)
		if mustClose(t, s, false); f.Stats().Leaves[Silent] != 1 {
			t.Errorf("leaves %v", f.Stats().Leaves)
		}
	})
}

// A stopped client of a quiet feed is reaped although nothing can be told.
func TestSilentAndStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Liveness: Liveness{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second}})
		s := newConn(t, 0)
		f.enter(s, f.Live())
		pass(42 * time.Second)
		if mustClose(t, s, true); f.Stats().Leaves[Silent] != 1 {
			t.Errorf("leaves %v", f.Stats().Leaves)
		}
	})
}

// A client that answers no ping is alive for as long as it takes more than the
// buffers of a stopped one would.
func TestSilentReader(t *testing.T) {
	for name, tt := range map[string]struct {
		size  int // of a message a second
		alive bool
	}{"reads": {readerTakes / 8, true}, "may be buffered": {readerTakes / 16, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := running(t, Config{Liveness: Liveness{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second}})
				s := newConn(t, plenty)
				f.enter(s, f.Live())
				for range 120 {
					f.say(1, tt.size)
					pass(time.Second)
				}
				if closed, _ := s.ended(); closed == tt.alive || f.Stats().Leaves[Silent] != 0 == tt.alive {
					t.Errorf("closed %t, leaves %v", closed, f.Stats().Leaves)
				}
			})
		})
	}
}

func TestNoPings(t *testing.T) {
	for name, tt := range map[string]struct {
		interval time.Duration
		lane     *testFormat
	}{"switched off": {0, &testFormat{}}, "transport without": {time.Second, &testFormat{mute: true}}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := running(t, Config{Liveness: Liveness{PingInterval: tt.interval}})
				s := newConn(t, plenty)
				if _, err := f.Join(s, Options{Lane: f.reserve(tt.lane), Start: f.Live()}); err != nil {
					t.Fatal(err)
				}
				pass(time.Hour)
				if mustBeOpen(t, s); len(s.bytes()) > 0 {
					t.Errorf("%q was sent", s.bytes())
				}
			})
		})
	}
}

// After its close frame a client has a second to answer.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		s := newConn(t, plenty)
		c := f.enter(s, f.Live())
		c.Leave(Forbidden)
		pass(linger - sweepEvery)
		mustBeOpen(t, s)
		pass(2 * sweepEvery)
		mustClose(t, s, false)
	})
}

// A patient leave ends even if its close frame finds no room, no ping is ever
// sent and nothing is published: the frame may wait as long as data may.
func TestPatientCloseFrameIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, room := range []int{frameLen, frameLen + 3} { // none, or the frame's beginning
			f := running(t, Config{Queue: Bounds{Stall: 5 * time.Second}})
			s := newConn(t, room)
			c := f.enter(s, f.Live())
			f.say(1, 20)
			synctest.Wait()
			c.Leave(MaxAge)
			pass(4 * time.Second)
			mustBeOpen(t, s)
			pass(2 * time.Second)
			mustClose(t, s, true)
			f.Close()
		}
	})
}

// More clients than the sweep copies at a time are all looked at.
func TestSweepOfManyClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Liveness: Liveness{PingInterval: time.Second}})
		var conns []*scriptConn
		for range 1300 {
			s := newConn(t, plenty)
			conns = append(conns, s)
			f.enter(s, f.Live())
		}
		pass(time.Second + 2*sweepEvery)
		for i, s := range conns {
			if r := decode(t, s.bytes()); r.order != "P" {
				t.Fatalf("client %d got %q, want one ping", i, r.order)
			}
		}
	})
}

// Time in which the relay itself did not run is no client's delay.
func TestPauseIsNobodysDelay(t *testing.T) {
	f := still(t, Config{Liveness: Liveness{PingInterval: 5 * time.Second, PongTimeout: 2 * time.Second}})
	s := newConn(t, plenty)
	f.enter(s, f.Live())
	for range 60 {
		f.advance(sweepEvery)
		f.sweep()
	}
	if r := decode(t, s.bytes()); r.order != "P" {
		t.Fatalf("frames %s, want a ping", r.order)
	}
	f.advance(time.Hour) // stopped
	f.sweep()
	if mustBeOpen(t, s); f.Stats().Leaves[Silent] != 0 {
		t.Error("sent away before the relay looked for the pong")
	}
}
