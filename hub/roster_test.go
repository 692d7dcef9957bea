package hub

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// filters that want one key, several, prefixes, both, and all.
var rosterFilters = [][]string{{"a"}, {"a", "b", "c"}, {"b*"}, {"c", "d*"}, {"e"}, {"*"}, nil}

// Clients come and go at random: at any time a message marks exactly the groups
// whose lane wants it, each once, and in the end nothing is kept.
func TestRosterMarksWhoWantsIt(t *testing.T) {
	f, r, rnd := still(t, Config{}), newRoster(), rand.New(rand.NewPCG(1, 2))
	var lanes []*Lane
	for _, keys := range rosterFilters {
		lanes = append(lanes, must(f.Lane(f.format, must(NewFilter(keys)))))
	}
	var clients []*Client
	for range 2000 {
		if rnd.IntN(2) == 0 {
			clients = append(clients, &Client{lane: lanes[rnd.IntN(len(lanes))], index: -1})
			r.add(clients[len(clients)-1], 1)
		} else if n := len(clients); n > 0 {
			i := rnd.IntN(n)
			r.remove(clients[i])
			r.remove(clients[i]) // once more is harmless
			clients = slices.Delete(clients, i, i+1)
		}
		m := &Message{key: string(rune('a'+rnd.IntN(6))) + []string{"", "x"}[rnd.IntN(2)]}
		r.mark(m)
		r.mark(m)
		mustBeDue(t, &r, m, clients)
		r.unmark()
	}
	for _, c := range clients {
		r.remove(c)
	}
	if len(r.groups)+len(r.byLane)+len(r.byKey)+len(r.asked)+len(r.due) > 0 {
		t.Errorf("empty, it holds %+v", r)
	}
	for _, l := range lanes {
		f.Release(l)
	}
}

func mustBeDue(t *testing.T, r *roster, m *Message, clients []*Client) {
	t.Helper()
	want := map[*group]bool{}
	for _, c := range clients {
		if c.group.clients[c.index] != c || c.group.lane != c.lane {
			t.Fatal("a client is not where it believes to be")
		}
		if c.group.due != c.lane.wants(m) {
			t.Fatalf("key %q, filter %+v: due is %v", m.key, c.lane.filter, c.group.due)
		}
		if c.group.due {
			want[c.group] = true
		}
	}
	if len(r.due) != len(want) {
		t.Fatalf("%d groups are due, %d of them different", len(r.due), len(want))
	}
}

// A pass leaves out clients that want nothing new, but not for long: after some
// messages, and after each look of the sweep, every cursor is at the head.
func TestPassLeavesOutTheQuiet(t *testing.T) {
	f := still(t, Config{})
	f.say(4*leaveOutMost, 20) // of a shorter ring a quarter is the bound
	first := f.seq
	s := newConn(t, plenty)
	c := f.attend(s, Options{Start: f.Live()}, "quiet")
	f.attend(nullConn{}, Options{Start: f.Live()}, "loud")
	f.rounds() // which moves all
	say := func(n int) {
		for range n {
			f.sayOf("loud")
			f.rounds()
		}
	}
	if say(leaveOutMost - 1); c.Position().Seq != first {
		t.Errorf("visited: it stands at %v", c.Position())
	}
	if i := c.info(); i.Behind != 0 {
		t.Errorf("%d behind", i.Behind)
	}
	if say(1); c.Position().Seq != first+leaveOutMost {
		t.Errorf("after %d messages it stands at %v", leaveOutMost, c.Position())
	}
	say(3)
	f.clock.Add(int64(sweepEvery))
	if f.rounds(); c.Position().Seq != first+leaveOutMost+3 {
		t.Errorf("after a look of the sweep it stands at %v", c.Position())
	}
	say(5)
	f.sayOf("quiet")
	f.rounds()
	mustRead(t, s, fmt.Sprintf("hello@%d %d", first, f.seq))
}

// On a short ring no client is left out for so long that the ring would lap it.
func TestQuietIsNotLapped(t *testing.T) {
	for size := 1; size < 20; size++ {
		f := still(t, Config{Ring: RingSize{Messages: size}, Queue: Bounds{Stall: time.Hour}})
		s := newConn(t, plenty)
		c := f.attend(s, Options{}, "quiet")
		f.rounds()
		for range 100 {
			f.sayOf("loud")
			f.rounds()
			f.inspect(c)
		}
		f.sayOf("quiet")
		f.rounds()
		if mustRead(t, s, "hello@0 101"); f.Stats().Leaves[Slow] != 0 {
			t.Errorf("a ring of %d: taken for slow", size)
		}
	}
}

// Messages that a pass has found nobody to want are not looked at again, and a client
// that was not in that pass looks at all of them.
func TestBatchSkipsWhatIsKnownToBeUnwanted(t *testing.T) {
	f := still(t, Config{})
	lane := must(f.Lane(f.format, must(NewFilter([]string{"a"}))))
	f.sayOf("a", "b", "a", "b", "b", "a")
	for skipTo, want := range map[uint64]int{1: 3, 2: 2, 3: 2, 6: 1, 7: 0} {
		b := new(batch)
		if !b.fill(&f.ring, lane, span{from: 1, skipTo: skipTo, head: 6}) || len(b.pieces) != want || b.next != 7 || b.seq != 6 {
			t.Errorf("skipTo up to %d: %d messages, next %d, sequence %d; want %d", skipTo, len(b.pieces), b.next, b.seq, want)
		}
	}
	f.Release(lane)
}

// A client that was left over, or has posted, is visited although its group is not due.
func TestLeftBehindIsVisitedAnyway(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, 0)
	c := f.attend(s, Options{}, "a")
	f.attend(nullConn{}, Options{}, "b")
	f.pumps[0].round() // the hello finds no room
	f.sayOf("b")
	s.open(plenty)
	f.pumps[0].round()
	mustRead(t, s, "hello@0")
	f.sayOf("b")
	c.Leave(Draining)
	f.rounds()
	mustRead(t, s, "hello@0 draining@2")
}

// BenchmarkPassFiltered is BenchmarkPass with 5,000 clients of 500 filters, of
// which each message concerns ten clients.
func BenchmarkPassFiltered(b *testing.B) {
	f := benchHub(b)
	var keys []string
	for i := range 500 {
		keys = append(keys, fmt.Sprintf("k%d", i))
	}
	for i := range 5000 {
		lane := must(f.Lane(f.format, must(NewFilter([]string{keys[i%len(keys)]}))))
		must(f.Join(nullConn{}, Options{Lane: lane, Start: f.Live()}))
	}
	f.pumps[0].round()
	in, n := Input{Payload: testPayload(1, 200)}, 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		in.Key = keys[n%len(keys)]
		f.Publish(in)
		f.pumps[0].round()
	}
	perDelivery(b, 10)
}
