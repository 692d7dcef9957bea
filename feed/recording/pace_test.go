package recording

import (
	"math"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	const ms = int64(time.Millisecond)
	tests := []struct {
		name    string
		speed   float64
		records []int64 // in ms
		want    []int64 // waits in ms, each slept in full
	}{
		{"own speed", 1, []int64{1000, 1010, 1030}, []int64{0, 10, 20}},
		{"ten times", 10, []int64{1000, 1010, 1030}, []int64{0, 1, 2}},
		{"half", 0.5, []int64{1000, 1010, 1030}, []int64{0, 20, 40}},
		{"no times at all", 1, []int64{0, 0, 0}, []int64{0, 0, 0}},
		{"zero between", 1, []int64{1000, 0, 1010}, []int64{0, 0, 10}},
		{"zero first", 1, []int64{0, 1000, 1010}, []int64{0, 0, 10}},
		{"step back", 1, []int64{1000, 1020, 1010, 1030}, []int64{0, 20, 0, 10}},
		{"before the anchor", 1, []int64{1000, 10, 1010}, []int64{0, 0, 10}},
		{"negative", 1, []int64{-1000, 1000, 1010}, []int64{0, 0, 10}},
		{"speed 0 counts as 1", 0, []int64{1000, 1010}, []int64{0, 10}},
		{"speed NaN counts as 1", math.NaN(), []int64{1000, 1010}, []int64{0, 10}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, now := NewPace(tt.speed), time.Unix(1000, 0)
			for i, r := range tt.records {
				wait := p.Wait(r*ms, now)
				if wait != time.Duration(tt.want[i]*ms) {
					t.Errorf("record %d at %d ms: wait %v, want %d ms", i, r, wait, tt.want[i])
				}
				now = now.Add(wait)
			}
		})
	}
}

func TestPaceDoesNotDrift(t *testing.T) {
	p, start := NewPace(1), time.Unix(1000, 0)
	now := start
	for i := range int64(1000) {
		now = now.Add(p.Wait(1+i*int64(time.Millisecond), now) + 300*time.Microsecond) // each sleep is late
	}
	if took := now.Sub(start); took > 1001*time.Millisecond {
		t.Errorf("999 ms of records took %v: the lateness added up", took)
	}
}

func TestPaceExtremes(t *testing.T) {
	p, now := NewPace(1e-300), time.Unix(1000, 0)
	p.Wait(1, now)
	if got := p.Wait(math.MaxInt64, now); got != math.MaxInt64 {
		t.Errorf("an endless wait became %v", got)
	}
	if got := p.Wait(math.MinInt64, now); got != 0 {
		t.Errorf("a time long before the anchor waits %v", got)
	}
}
