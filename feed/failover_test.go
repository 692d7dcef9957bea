package feed

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
)

// TestFailoverWithinASecond: the second source's first message comes within a
// second of the first one's death, and the clients are told once.
func TestFailoverWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newTicking("a", 10*time.Millisecond), newTicking("b", 10*time.Millisecond)
		r := startSeveral(t, Config{Sources: Sources{Failback: NoFailback}}, a, b)
		time.Sleep(time.Minute + 5*time.Millisecond) // between two messages
		if b.live() != 0 || len(b.opens) != 0 {
			t.Fatal("both sources are connected")
		}
		died := time.Now()
		a.set(true)
		time.Sleep(time.Second)
		got := r.sink.Messages()
		i := slices.IndexFunc(got, func(m feedtest.Message) bool { return m.Time >= died.UnixNano() })
		if i < 0 {
			t.Fatal("nothing came")
		}
		n, from := tickOf(t, got[i].Payload)
		before, _ := tickOf(t, got[i-1].Payload)
		if from != "b" || n != before+1 && n != before+2 {
			t.Errorf("behind %d came %s", before, got[i].Payload)
		}
		if told := r.notices(); told != "down up" {
			t.Errorf("clients were told %s", told)
		}
		a.set(false)
		time.Sleep(time.Hour)
		if a.live() != 0 || b.live() != 1 || r.notices() != "down up" {
			t.Errorf("without failback: %d and %d connections, told %s", a.live(), b.live(), r.notices())
		}
		r.stop()
		if a.most > 1 || b.live() != 0 {
			t.Errorf("%d connections at once, %d left", a.most, b.live())
		}
	})
}

// TestFailback: a relay goes back to its preferred source without a gap, once
// that has something to say.
func TestFailback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newTicking("a", 10*time.Millisecond), newTicking("b", 10*time.Millisecond)
		r := startSeveral(t, Config{Sources: Sources{Failback: time.Minute}}, a, b)
		time.Sleep(time.Second)
		a.set(true)
		time.Sleep(10 * time.Minute) // some trials fail
		if n := r.Stats().Sources[0].Reconnects[driver.ReasonDial]; n < 4 || n > 11 {
			t.Errorf("%d trials in 10 minutes", n)
		}
		told := r.notices()
		a.set(false)
		time.Sleep(2*time.Minute + time.Second)
		r.log.Wait(t, "the feed goes on over another source", "script 0")
		if a.live() != 1 || b.live() != 0 || told != "down up" || r.notices() != "down up down up" {
			t.Errorf("%d and %d connections, told %s, then %s", a.live(), b.live(), told, r.notices())
		}
		got := r.sink.Payloads()
		r.stop()
		gaps, last := 0, 0
		for _, p := range got[200:] {
			if n, _ := tickOf(t, p); last != 0 && n != last+1 {
				gaps++
			} else {
				last = n
			}
			last, _ = tickOf(t, p)
		}
		if _, from := tickOf(t, got[len(got)-1]); from != "a" || gaps > 1 {
			t.Errorf("%d gaps, in the end from %s", gaps, from)
		}
	})
}

// TestFailoverPlays is the state machine alone: what is started and stopped.
// Words are a source and what happens to it: u up, d down (to wait a second), m a
// message, e the end; +5 lets five seconds pass. Actions are the source with + for
// start, - for stop, = for a message that is published, > for a change.
func TestFailoverPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tests := []struct{ name, in, want string }{
			{"the first", "", "0+"},
			{"its messages", "0u 0m 0m", "0+ 0= 0="},
			{"the next", "0u 0m 0d 1u 1m", "0+ 0= 0- 1+ 1="},
			{"late messages of one that was left", "0u 0d 0m 1u 1m", "0+ 0- 1+ 1="},
			{"round and round", "0d 1d 2d", "0+ 0- 1+ 1- 2+ 2-"},
			{"the one that waits least", "0d +1 1d +1 2d", "0+ 0- 1+ 1- 2+ 2- 0+"},
			{"it goes on when its wait is over", "0d 1d 2d +1", "0+ 0- 1+ 1- 2+ 2- 0+"},
			{"a trial takes over", "0d 1u +120 0u 0m 1m 0m", "0+ 0- 1+ 0+ 1- 0> 0= 0="},
			{"a trial fails", "0d 1u +120 0d 1m", "0+ 0- 1+ 0+ 0- 1="},
			{"a quiet trial takes over", "0d 1u +120 0u +10 0m", "0+ 0- 1+ 0+ 1- 0> 0="},
			{"a silent trial leaves a stand-in that speaks", "0d 1u +120 0u 1m +10 0m 1m", "0+ 0- 1+ 0+ 1= 0- 1="},
			{"what was said before the trial was open does not count", "0d 1u +120 1m 0u +10 0m", "0+ 0- 1+ 0+ 1= 1- 0> 0="},
			{"a silent trial is tried again", "0d 1u +120 0u 1m +10 +120 0u 0m", "0+ 0- 1+ 0+ 1= 0- 0+ 1- 0> 0="},
			{"the stand-in fails during a trial", "0d 1u +120 0u 1d 0m", "0+ 0- 1+ 0+ 1- 0> 0="},
			{"no trial of the preferred", "0u +500", "0+"},
			{"an end", "0e 1u 1m", "0+ 1+ 1="},
			{"all ends", "0e 1e 2e +100", "0+ 1+ 2+"},
			{"no trial of one that has ended", "0e 1u +500", "0+ 1+"},
			{"a planned end is no failure", "0u 0p 0u 0m", "0+ 0="},
		}
		for _, tt := range tests {
			if got := playFailover(tt.in); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
			}
		}
	})
}

// TestSpread: replicas prefer different sources, and others spread evenly; of
// those that lose a source each other one gets its share.
func TestSpread(t *testing.T) {
	for _, stem := range []string{"relay-", "fantail", "10-0-0-", ""} {
		var firsts []int
		for i := range 3 {
			firsts = append(firsts, spread(fmt.Sprint(stem, i), 3)[0])
		}
		slices.Sort(firsts)
		if !slices.Equal(firsts, []int{0, 1, 2}) {
			t.Errorf("%s0 to 2 prefer %v", stem, firsts)
		}
	}
	const hosts, n = 3000, 4
	var count [n][n]int // by first and second
	for i := range hosts {
		order := spread(fmt.Sprintf("%d-host", i), n)
		count[order[0]][order[1]]++
		slices.Sort(order)
		if !slices.Equal(order, []int{0, 1, 2, 3}) {
			t.Fatalf("%v is no order", order)
		}
	}
	for first := range n {
		for second := range n {
			if even := hosts / n / (n - 1); first != second && (count[first][second] < even*7/10 || count[first][second] > even*13/10) {
				t.Errorf("first %d, then %d: %d hosts of %d", first, second, count[first][second], hosts)
			}
		}
	}
	if got := spread("", 3); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("without a name: %v", got)
	}
}

// TestFailoverWithoutStampede: three hundred relays and three sources. They
// spread; one source goes: its relays move to both others at once; it comes back:
// they return over a minute or two, few at a time.
func TestFailoverWithoutStampede(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const relays = 300
		sources := []*ticking{newTicking("0", time.Second), newTicking("1", time.Second), newTicking("2", time.Second)}
		for i := range relays {
			startSeveral(t, Config{Sources: Sources{Host: fmt.Sprintf("relay-%d", i)}}, sources[0], sources[1], sources[2])
		}
		live := func() (all [3]int) {
			for i, s := range sources {
				all[i] = s.live()
			}
			return all
		}
		time.Sleep(10 * time.Second)
		if live() != [3]int{100, 100, 100} {
			t.Errorf("at first %v", live())
		}
		sources[0].set(true)
		time.Sleep(time.Second)
		if now := live(); now[0] != 0 || now[1] < 130 || now[2] < 130 || now[1]+now[2] != relays {
			t.Errorf("without the first source %v", now)
		}
		time.Sleep(5 * time.Minute)
		sources[0].mu.Lock()
		sources[0].opens = nil
		sources[0].mu.Unlock()
		sources[0].set(false)
		time.Sleep(2*time.Minute + 2*time.Second)
		if live() != [3]int{100, 100, 100} {
			t.Errorf("in the end %v", live())
		}
		var perSecond [125]int
		begin := sources[0].opens[0]
		for _, at := range sources[0].opens {
			perSecond[int(at.Sub(begin)/time.Second)]++
		}
		if most := slices.Max(perSecond[:]); most > 8 {
			t.Errorf("%d of 100 came back within one second", most)
		}
	})
}
