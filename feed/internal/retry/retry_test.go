package retry

import (
	"testing"
	"time"
)

// TestU2JitterIsFull checks that waits at the cap fill the range from 0 to it.
func TestU2JitterIsFull(t *testing.T) {
	const draws = 4000
	w := New()
	for range 20 {
		w.Next(0)
	}
	var tenths [10]int
	for range draws {
		d := w.Next(0)
		if d < 0 || d > Most+1 {
			t.Fatalf("wait of %v", d)
		}
		tenths[min(9, int(10*d/Most))]++
	}
	for i, n := range tenths {
		if n < draws/10*7/10 || n > draws/10*13/10 {
			t.Errorf("tenth %d of the range holds %d of %d waits", i, n, draws)
		}
	}
}

func TestRetryWithin(t *testing.T) {
	const most = 1500 * time.Millisecond
	w := New()
	w.Within(most)
	longest := time.Duration(0)
	for range 1000 {
		longest = max(longest, w.Next(0))
	}
	if longest > most || longest < most*9/10 {
		t.Errorf("the longest of 1000 waits is %v, the bound %v", longest, most)
	}
}
