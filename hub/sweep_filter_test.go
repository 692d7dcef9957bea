package hub

import (
	"testing"
	"testing/synctest"
	"time"
)

// A client that is stuck inside a message is not slow, and not lapped, for what it
// does not want; it is both for what it wants.
func TestStuckFilteredClient(t *testing.T) {
	for key, slow := range map[string]bool{"b": false, "a": true} {
		t.Run(key, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := running(t, Config{Ring: RingSize{Messages: 16}, Queue: Bounds{Messages: 4, Stall: time.Hour}})
				s := newConn(t, plenty)
				c := f.attend(s, Options{}, "a")
				pass(sweepEvery)
				s.shut()
				s.open(7)
				f.sayOf("a")
				pass(sweepEvery)
				for range 10 {
					f.sayOf(key, key, key, key, key, key)
					pass(sweepEvery)
				}
				if why, leaving := c.Reason(); leaving != slow || slow && why != Slow {
					t.Fatalf("leaving %v as %v, want %v", leaving, why, slow)
				}
				if slow {
					return
				}
				f.sayOf("a")
				s.open(plenty)
				pass(sweepEvery)
				mustRead(t, s, "hello@0 1 62")
			})
		})
	}
}

// What left the ring before anybody looked at it may have been wanted: it is
// never passed over in silence.
func TestUnseenMessagesCountAsLapped(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}, Queue: Bounds{Messages: 100}})
	s := newConn(t, 0)
	c := f.attend(s, Options{}, "a")
	f.welcome(c, s)
	f.sayOf("a")
	s.open(7)
	c.offer(f.batch(c))
	f.sayOf("a", "b", "b", "b", "b", "a") // 2 is gone, 7 is wanted
	if _, lapped := f.assess(c, 0); !lapped {
		t.Error("not lapped")
	}
	if c.skipTo > 2 {
		t.Errorf("up to %d nothing is wanted, it says", c.skipTo)
	}
	f.sayOf("b")
	if _, lapped := f.assess(c, 0); !lapped {
		t.Error("not lapped at the second look")
	}
}

// The first of the wanted counts as the one being written, or about to be.
func TestWantedBehindCounts(t *testing.T) {
	f := still(t, Config{})
	c := f.attend(newConn(t, 0), Options{}, "a")
	for _, tt := range []struct {
		keys []string
		want int
	}{{[]string{"b"}, 0}, {[]string{"a"}, 0}, {[]string{"b", "a", "a"}, 2}, {nil, 2}} {
		f.sayOf(tt.keys...)
		if q, lapped := f.assess(c, 0); q.messages != tt.want || lapped {
			t.Errorf("%d messages behind, lapped %v; want %d", q.messages, lapped, tt.want)
		}
	}
}
