package hub

import (
	"fmt"
	"testing"
)

// A skip in the middle of a message: it is finished, and then the gap told.
func TestSkipAtEveryByte(t *testing.T) {
	for n := range 2 * frameLen {
		f := still(t, Config{})
		s := newConn(t, 0)
		c := f.attend(s, Options{Policy: Skip})
		f.welcome(c, s)
		f.say(5, 20)
		s.open(n)
		c.offer(f.batch(c))
		f.say(3, 20)
		c.overrun()
		s.open(plenty)
		f.rounds()
		f.say(1, 20)
		f.rounds()
		want := "hello@0 "
		got := (n + frameLen - 1) / frameLen // the cut one is finished
		for seq := range got {
			want += fmt.Sprintf("%d ", seq+1)
		}
		mustRead(t, s, want+fmt.Sprintf("gap%d-8=%d 9", got, 8-got))
	}
}

// A second jump in the middle of one message: the gap begins after that message, which
// the client gets, although the first jump left nothing out and told no gap.
func TestConflateTwiceWithinAMessage(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 2}, Snapshot: SnapshotSize{Keys: 10}})
	s := newConn(t, 0)
	c := f.attend(s, Options{Policy: Conflate})
	f.welcome(c, s)
	f.sayOf("a")
	s.open(1)
	c.offer(f.batch(c))
	for _, keys := range [][]string{{"b"}, {"c", "d"}, {"b"}} {
		f.sayOf(keys...)
		f.snapshot.catchUp()
		c.overrun() // only the second "b" leaves something out
	}
	s.open(plenty)
	f.rounds()
	mustRead(t, s, "hello@0 1 gap1-1=1~ 3 4 5")
}

// welcome lets a client have its hello and not a byte more.
func (f *fixture) welcome(c *Client, s *scriptConn) {
	f.t.Helper()
	s.open(plenty)
	c.offer(nil)
	s.shut()
}

// Conflation in the middle of a message: the message is finished, what follows it is
// replaced, and the stray message comes before what replaces it.
func TestConflateAtEveryByte(t *testing.T) {
	for n := range 2 * frameLen {
		f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
		s := newConn(t, 0)
		c := f.attend(s, Options{Policy: Conflate})
		f.welcome(c, s)
		f.sayOf("a", "b", "a", "b", "c", "a")
		f.snapshot.catchUp()
		s.open(n)
		c.offer(f.batch(c))
		c.overrun()
		s.open(plenty)
		f.rounds()
		got := (n + frameLen - 1) / frameLen
		want := []string{
			"hello@0 gap0-0=3~ 4 5 6",
			"hello@0 1 gap1-1=2~ 4 5 6",
			"hello@0 1 2 gap2-2=1~ 4 5 6",
		}[got]
		mustRead(t, s, want)
		if c.Position().Seq != 6 || c.conflating.Load() {
			t.Errorf("%d bytes: position %v, conflating %v; want 6, no", n, c.Position(), c.conflating.Load())
		}
	}
}

// A prelude that is overrun in the middle of one of its frames is replaced by a
// newer one; what both left out is told.
func TestPreludeReplacedAtEveryByte(t *testing.T) {
	for n := range 2 * frameLen {
		f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
		s := newConn(t, 0)
		f.sayOf("a", "b", "c")
		f.snapshot.catchUp()
		c := f.attendWithSnapshot(s, Conflate)
		f.welcome(c, s)
		s.open(n)
		d := new(batch)
		d.fillPrelude(&f.ring, c.lane, c.prelude.Load(), c.cursor.Load())
		c.offer(d)
		f.sayOf("a", "b", "b") // 4, 5, 6
		f.snapshot.catchUp()
		c.overrun()
		s.open(plenty)
		f.rounds()
		want := []string{
			"hello@0 gap0-0=3~ 3 4 6",
			"hello@0 1 gap1-1=2~ 3 4 6",
			"hello@0 1 2 gap2-2=1~ 3 4 6",
		}[(n+frameLen-1)/frameLen]
		mustRead(t, s, want)
	}
}

// While a conflating client takes its prelude, the feed goes on: the end of the
// prelude is the beginning of another, until nothing is left out. Each round ends.
func TestConflateUntilCaughtUp(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
	s := newConn(t, 0)
	c := f.attend(s, Options{Policy: Conflate})
	f.welcome(c, s)
	f.sayOf("a", "a", "a")
	f.snapshot.catchUp()
	c.overrun()
	f.sayOf("a", "a", "b")
	f.snapshot.catchUp()
	s.open(plenty)
	f.rounds()
	mustRead(t, s, "hello@0 gap0-0=2~ 3 gap3-3=1~ 5 6")
	f.sayOf("a", "a") // at the head again: all of it
	f.rounds()
	mustRead(t, s, "hello@0 gap0-0=2~ 3 gap3-3=1~ 5 6 7 8")
}

// The snapshotter may be late: a client that has passed it is not taken back.
func TestConflateBehindTheSnapshotter(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
	s := newConn(t, plenty)
	c := f.attend(s, Options{Policy: Conflate})
	f.sayOf("a", "a", "a")
	f.rounds()
	c.conflating.Store(true)
	c.overrun()
	f.sayOf("a")
	f.rounds()
	mustRead(t, s, "hello@0 1 2 3 4")
}

// The ring has lapped the client, but the snapshot still has every message: the
// client gets all of them, nothing is left out, and it does not turn in circles.
func TestConflateWhatOnlyTheSnapshotHas(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 2}, Snapshot: SnapshotSize{Keys: 10}})
	s := newConn(t, 0)
	c := f.attend(s, Options{Policy: Conflate})
	f.welcome(c, s)
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		f.sayOf(key)
		f.snapshot.catchUp()
	}
	s.open(plenty)
	f.rounds()
	mustRead(t, s, "hello@0 1 2 3 4 5")
}

// What becomes of a client that was lapped, by policy and filter.
func TestLappedByPolicy(t *testing.T) {
	for name, tt := range map[string]struct {
		policy Policy
		keys   []string
		want   string
	}{
		"evict":              {Evict, nil, "hello@0 slow@0"},
		"skip":               {Skip, nil, "hello@0 gap0-10=10"},
		"conflate":           {Conflate, nil, "hello@0 gap0-0=8~ 9 10"},
		"skip, filtered":     {Skip, []string{"a"}, "hello@0 gap0-10=2+"},
		"conflate, filtered": {Conflate, []string{"a"}, "hello@0 gap0-0=1+~ 9"},
	} {
		t.Run(name, func(t *testing.T) {
			f := still(t, Config{Ring: RingSize{Messages: 4}, Snapshot: SnapshotSize{Keys: 10}})
			s := newConn(t, 0)
			c := f.attend(s, Options{Policy: tt.policy}, tt.keys...)
			f.welcome(c, s)
			for range 5 {
				f.sayOf("a", "b")
				f.snapshot.catchUp()
			}
			s.open(plenty)
			f.rounds()
			mustRead(t, s, tt.want)
		})
	}
}

func TestBetween(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 6}})
	all, some := f.attend(nullConn{}, Options{}), f.attend(nullConn{}, Options{}, "a")
	f.sayOf("a", "b", "a", "b", "a", "b", "a", "b", "a", "b") // held are 5…10
	ahead := []*Message{f.ring.at(5), f.ring.at(6)}
	for _, tt := range []struct {
		c     *Client
		place place
		to    uint64
		want  loss
	}{
		{all, place{slot: 1}, 11, loss{missed: 10}},
		{all, place{slot: 7, ahead: ahead}, 11, loss{missed: 6}},
		{all, place{slot: 11}, 11, loss{}},
		{all, place{slot: 11}, 9, loss{}}, // a snapshotter that is late
		{some, place{slot: 5}, 11, loss{missed: 3}},
		{some, place{slot: 6}, 7, loss{}},
		{some, place{slot: 7, ahead: ahead}, 11, loss{missed: 4}}, // a prelude is filtered already
		{some, place{slot: 4}, 11, loss{missed: 3, atLeast: true}},
		{some, place{slot: 1}, 3, loss{atLeast: true}},
		{some, place{slot: 11}, 9, loss{}},
	} {
		if got := tt.c.between(tt.place, Start{slot: tt.to}); got != tt.want {
			t.Errorf("from %+v to %d: %+v, want %+v", tt.place, tt.to, got, tt.want)
		}
	}
}

// A client that has moved since it was looked at is left alone.
func TestJumpOfOneThatMoved(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.attend(s, Options{Policy: Skip})
	f.say(3, 20)
	at := c.place()
	f.rounds()
	c.jump(at, f.Live(), nil, loss{missed: 3})
	f.rounds()
	mustRead(t, s, "hello@0 1 2 3")
}

// A client that is leaving is not skipped or conflated any more.
func TestOverrunWhileLeaving(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
	for _, policy := range []Policy{Skip, Conflate} {
		s := newConn(t, 0)
		c := f.attend(s, Options{Policy: policy, Start: f.Live()})
		f.welcome(c, s)
		f.sayOf("a", "a")
		c.Leave(Draining)
		c.overrun()
		s.open(plenty)
		f.rounds()
		at := f.seq - 2
		mustRead(t, s, fmt.Sprintf("hello@%d draining@%[1]d", at))
	}
}
