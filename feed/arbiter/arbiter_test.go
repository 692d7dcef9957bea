package arbiter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fantail/hub"
)

// arbitration is an arbiter under test, with a clock of its own.
type arbitration struct {
	*Arbiter
	now     time.Time
	emitted []string
}

func newArbitration() *arbitration {
	a := &arbitration{now: time.Unix(1000, 0)}
	a.Arbiter = New(2, 50*time.Millisecond, func(in hub.Input) { a.emitted = append(a.emitted, string(in.Payload)) })
	return a
}

// pass lets time pass, and calls Wake whenever it is due.
func (a *arbitration) pass(d time.Duration) {
	end := a.now.Add(d)
	for at := a.Due(); !at.IsZero() && !at.After(end); at = a.Due() {
		if at.After(a.now) {
			a.now = at
		}
		a.Wake(a.now)
	}
	a.now = end
}

// play takes words: a number is a message with that number and text, 7x is one with the number 7 and
// the text 7x, b7 comes from the other source, and +20 lets 20 ms pass.
func (a *arbitration) play(t *testing.T, script string) {
	t.Helper()
	for word := range strings.FieldsSeq(script) {
		if ms, found := strings.CutPrefix(word, "+"); found {
			var n int
			fmt.Sscan(ms, &n)
			a.pass(time.Duration(n) * time.Millisecond)
			continue
		}
		var seq uint64
		number, other := strings.CutPrefix(strings.TrimRight(word, "xyz"), "b")
		if _, err := fmt.Sscan(number, &seq); err != nil {
			t.Fatal(word, err)
		}
		from := 0
		if other {
			from = 1
		}
		a.Offer(a.now, from, seq, hub.Input{Payload: []byte(word)})
	}
}

func TestArbiter(t *testing.T) {
	tests := []struct {
		name, in, want string
		stats          Stats
	}{
		{"one line", "5 6 7", "5 6 7", Stats{}},
		{"two lines", "5 5 6 6 7 8 7 8", "5 6 7 8", Stats{Repeated: 4}},
		{"the other fills the gap", "1 2 4 5 +20 3 4 5 6", "1 2 3 4 5 6", Stats{Repeated: 2}},
		{"reordered", "1 4 3 2 5", "1 2 3 4 5", Stats{}},
		{"nobody has it", "1 3 4 +49 5 +1 6", "1 3 4 5 6", Stats{Missed: 1}},
		{"too late", "1 3 +50 2 4", "1 3 4", Stats{Missed: 1, Repeated: 1}},
		{"too late, then quiet", "1 3 +50 2 +5000", "1 3", Stats{Missed: 1, Repeated: 1}},
		{"two gaps, each its time", "1 3 +30 5 +20 +29 4 6", "1 3 4 5 6", Stats{Missed: 1}},
		{"a gap known since its first sign", "1 5 +40 3 +10", "1 3 5", Stats{Missed: 2}},
		{"copies of what is held", "1 3 3 2 3", "1 2 3", Stats{Repeated: 2}},
		{"zero", "0 1 2", "0 1 2", Stats{}},
		{"lagging behind the start", "5 3 4 6 5 6 7", "5 6 7", Stats{Repeated: 4}},
		{"begins anew", "100 101 +500 1x 2x 3x +1999 +1 4x 5x", "100 101 1x 2x 3x 4x 5x", Stats{Restarts: 1}},
		{"begins anew on both lines", "100 101 1x 1x 2x 3x 2x 3x +2000 4x 4x", "100 101 1x 2x 3x 4x", Stats{Repeated: 4, Restarts: 1}},
		{"begins anew with a gap", "100 1x 3x +2000 4x", "100 1x 3x 4x", Stats{Missed: 1, Restarts: 1}},
		{"the old numbering goes on", "100 1x 2x +1000 101 +3000 102", "100 101 102", Stats{Repeated: 2}},
		{"the old one goes on behind a gap", "100 1x +1990 102 +50", "100 102", Stats{Missed: 1, Repeated: 1}},
		{"history after a reconnection", "1 2 3 1 2 3 +5000 4", "1 2 3 4", Stats{Repeated: 3}},
		{"the same numbers, other messages", "1 2 3 1x 2x +2000 3x", "1 2 3 1x 2x 3x", Stats{Restarts: 1}},
		{"a leap", "1 2 90000000 +50 90000001", "1 2 90000000 90000001", Stats{Restarts: 1}},
		{"a leap and back", "1 90000000 +50 2 3 +2000 4", "1 90000000 2 3 4", Stats{Restarts: 2}},
		{"a slower line with other bytes, and a pause", "1 2 3 b1 b2 b3 +5000 4 b4", "1 2 3 4", Stats{Repeated: 4}},
		{"the slower one begins anew", "1 2 3 b1 b2 b1x b2x +2000 b3x", "1 2 3 b1x b2x b3x", Stats{Repeated: 2, Restarts: 1}},
		{"anew beyond where the slower one was", "1 2 3 4 b1 b1x b2x b3x +2000 b4x", "1 2 3 4 b1x b2x b3x b4x", Stats{Repeated: 1, Restarts: 1}},
		{"anew, and the slower one follows", "1 2 3 b3 1x 2x +2000 b1 b2 +5000 3x", "1 2 3 1x 2x 3x", Stats{Repeated: 3, Restarts: 1}},
		{"anew twice", "1 2 3 1x 2x +2000 1y +2000 2y", "1 2 3 1x 2x 1y 2y", Stats{Restarts: 2}},
		{"one line leaps, the other goes on", "1 b1 90000000 +50 b2 b3 +2000 b4", "1 90000000 b2 b3 b4", Stats{Repeated: 1, Restarts: 2}},
		{"the last number", "18446744073709551613 18446744073709551614", "18446744073709551613 18446744073709551614", Stats{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newArbitration()
			a.play(t, tt.in)
			if got := strings.Join(a.emitted, " "); got != tt.want || a.stats != tt.stats {
				t.Errorf("got %s, %+v; want %s, %+v", got, a.stats, tt.want, tt.stats)
			}
		})
	}
}

// TestArbiterBounds: held messages are bounded, because the gap before them is given up. A new
// numbering is recognised once it fills a backlog.
func TestArbiterBounds(t *testing.T) {
	a := newArbitration()
	a.play(t, "1")
	for seq := uint64(3); seq <= 3*maxBacklog; seq++ {
		a.Offer(a.now, 0, seq, hub.Input{Payload: fmt.Append(nil, seq)})
		if len(a.held.list) > maxBacklog {
			t.Fatalf("%d are held", len(a.held.list))
		}
	}
	if a.stats != (Stats{Missed: 1}) || len(a.emitted) != 3*maxBacklog-1 {
		t.Errorf("%d emitted, %+v", len(a.emitted), a.stats)
	}
	big := make([]byte, maxBacklogBytes/4)
	for seq := range uint64(8) {
		a.Offer(a.now, 0, 4*maxBacklog+seq, hub.Input{Payload: big})
		if a.held.bytes > maxBacklogBytes {
			t.Fatalf("%d bytes are held", a.held.bytes)
		}
	}
	a.emitted = nil
	for seq := uint64(1); seq <= 2*maxBacklog; seq++ {
		a.Offer(a.now, 0, seq, hub.Input{Payload: fmt.Append(nil, "anew ", seq)})
	}
	if a.stats.Restarts != 1 || len(a.emitted) != 2*maxBacklog || a.emitted[0] != "anew 1" {
		t.Errorf("%d emitted, %+v", len(a.emitted), a.stats)
	}
}

// TestArbiterFastPathAllocatesNothing: neither messages in order nor their copies allocate.
func TestArbiterFastPathAllocatesNothing(t *testing.T) {
	a := New(2, time.Second, func(hub.Input) {})
	in, seq, now := hub.Input{Payload: []byte("x")}, uint64(1), time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		a.Offer(now, 0, seq, in)
		a.Offer(now, 1, seq, in)
		seq++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestArbiterModel plays two sources that lose, lag, reorder and die at random, within the wait. The
// feed must have each message that either source had, once, in order.
func TestArbiterModel(t *testing.T) {
	for seed := range uint64(300) {
		checkArbiter(t, seed, 400)
	}
}

func FuzzArbiter(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkArbiter(t, seed, 200) })
}

// sentAt is a message of a source and when it comes.
type sentAt struct {
	at   time.Duration
	from int
	seq  uint64
}

func checkArbiter(t *testing.T, seed uint64, most uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var sent []sentAt
	had := map[uint64]bool{1: true}
	sent = append(sent, sentAt{0, 0, 1})
	for from := range 2 {
		dead := 0
		for seq := uint64(2); seq <= most; seq++ {
			if dead--; rng.IntN(100) == 0 {
				dead = rng.IntN(20)
			}
			if dead > 0 || rng.IntN(20) == 0 {
				continue
			}
			had[seq] = true
			lag := time.Duration(rng.IntN(40)) * time.Millisecond // below the wait of 50 ms
			sent = append(sent, sentAt{time.Duration(seq)*time.Millisecond + lag, from, seq})
		}
	}
	slices.SortStableFunc(sent, func(a, b sentAt) int { return int(a.at - b.at) })
	a := newArbitration()
	begin := a.now
	for _, s := range sent {
		a.pass(begin.Add(s.at).Sub(a.now))
		a.Offer(a.now, s.from, s.seq, hub.Input{Payload: fmt.Append(nil, s.seq)})
	}
	a.pass(time.Minute)
	var want []string
	last := uint64(0)
	for seq := uint64(1); seq <= most; seq++ {
		if had[seq] {
			want, last = append(want, fmt.Sprint(seq)), seq
		}
	}
	if !slices.Equal(a.emitted, want) {
		t.Fatalf("seed %d: emitted %v, want %v", seed, a.emitted, want)
	}
	if missed := last - uint64(len(want)); a.stats.Missed != missed || a.stats.Restarts != 0 || a.stats.Repeated != uint64(len(sent)-len(want)) {
		t.Errorf("seed %d: %+v; %d were missed, %d repeated", seed, a.stats, missed, len(sent)-len(want))
	}
}

// BenchmarkArbiter measures the cost of a message that two sources bring.
func BenchmarkArbiter(b *testing.B) {
	a := New(2, time.Second, func(hub.Input) {})
	in, seq, now := hub.Input{Payload: []byte(strings.Repeat("x", 200))}, uint64(1), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		a.Offer(now, 0, seq, in)
		a.Offer(now, 1, seq, in)
		seq++
	}
}
