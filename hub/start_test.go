package hub

import (
	"sync"
	"testing"
)

// Last counts what the lane wants, and does not begin with what is about to be dropped.
func TestLast(t *testing.T) {
	for _, tt := range []struct {
		messages, say, n int
		keys             []string
		want             uint64 // position
	}{
		{100, 10, 3, nil, 7},
		{100, 10, 10, nil, 0},
		{100, 10, 1 << 24, nil, 0},
		{100, 0, 5, nil, 0},
		{100, 10, 2, []string{"a"}, 6},  // 7 and 9
		{100, 10, 2, []string{"b"}, 7},  // 8 and 10
		{100, 10, 99, []string{"a"}, 0}, // all that is held
		{100, 10, 2, []string{"none"}, 0},
		{64, 100, 99, nil, 39},
		{64, 100, 2, []string{"none"}, 39},
		{4, 10, 99, nil, 6},
	} {
		f := still(t, Config{Ring: RingSize{Messages: tt.messages}})
		for range tt.say / 2 {
			f.sayOf("a", "b")
		}
		lane := must(f.Lane(f.format, must(NewFilter(tt.keys))))
		if got := f.At(f.Last(tt.n, lane)); got != f.position(tt.want) {
			t.Errorf("%+v: at %v", tt, got)
		}
	}
}

// However fast the feed runs, a client that begins with the oldest message begins at a
// place whose position fits: slot and sequence agree (sequences are dense here, so one
// tells the other).
func TestOldestWhileLapped(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}})
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // ends when done is closed
		for {
			select {
			case <-done:
				return
			default:
			}
			for _, s := range []Start{f.Resume(Position{"00000000", 1}), f.Last(3, f.lane), f.Live()} {
				if s.slot != s.seq+1 {
					t.Errorf("start %+v", s)
					return
				}
			}
		}
	})
	f.say(50_000, 20)
	close(done)
	wg.Wait()
}
