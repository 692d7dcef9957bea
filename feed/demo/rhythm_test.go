package demo

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// days plays n days of fake time and returns the messages of each of their
// slots.
func days(t *testing.T, driver *source, n int) []int {
	t.Helper()
	slots := make([]int, n*slotCount)
	synctest.Test(t, func(t *testing.T) {
		s, err := driver.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for begin := time.Now(); ; {
			if _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
			slot := int(time.Since(begin) / slotLength)
			if slot >= len(slots) {
				return
			}
			slots[slot]++
		}
	})
	return slots
}

// part sums up the slots between two shares of a day.
func part(day []int, from, to float64) (sum int) {
	for _, n := range day[int(from*slotCount):int(to*slotCount)] {
		sum += n
	}
	return sum
}

// TestDemoKeepsItsRate: a day has as many messages as the rate says, however they are spread.
func TestDemoKeepsItsRate(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 50, 200} {
		slots := days(t, &source{seed: 3, rate: rate}, 2)
		for len(slots) > 0 {
			got, want := part(slots, 0, 1), rate*dayLength.Seconds()
			if math.Abs(float64(got)-want) > 1+want/1000 {
				t.Errorf("rate %g: %d messages in a day, want %g", rate, got, want)
			}
			slots = slots[slotCount:]
		}
	}
}

// TestDemoDayHasARhythm: on each day the opening and the close are much busier than noon. Each day
// has a burst but does not consist of bursts.
func TestDemoDayHasARhythm(t *testing.T) {
	for seed := range uint64(5) {
		slots := days(t, &source{seed: seed, rate: 50}, 3)
		for ; len(slots) > 0; slots = slots[slotCount:] {
			opening, noon, closing := part(slots, 0, 0.05), part(slots, 0.45, 0.5), part(slots, 0.95, 1)
			if opening < 2*noon || closing < 3*noon/2 {
				t.Errorf("seed %d: %d messages at the opening, %d at noon, %d at the close", seed, opening, noon, closing)
			}
			jumps := 0
			for i := 1; i < slotCount; i++ {
				if slots[i] > 5*slots[i-1]/2 {
					jumps++
				}
			}
			if jumps < 1 || jumps > 3 {
				t.Errorf("seed %d: %d bursts in a day", seed, jumps)
			}
		}
	}
}

func TestRhythmIsTheSameForASeed(t *testing.T) {
	a, b, other := newRhythm(1, 10), newRhythm(1, 10), newRhythm(2, 10)
	differs := false
	for i := range 10_000 {
		x := a.next()
		if y := b.next(); x != y {
			t.Fatalf("message %d: %v and %v with one seed", i, x, y)
		}
		differs = other.next() != x || differs
	}
	if !differs {
		t.Error("another seed has the same rhythm")
	}
}
