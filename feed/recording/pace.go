package recording

import (
	"math"
	"time"
)

// Pace turns the times of a recording into waits. The first record with a time is the anchor.
// Each later record is due at its distance from the anchor, divided by the speed. So a wait
// that ends late does not delay the records after it. A record without a time, or with a time
// before the anchor, has no wait. One goroutine uses a Pace.
type Pace struct {
	speed  float64
	anchor int64     // time of the first record that has one, ns
	start  time.Time // when that record was due
}

// NewPace returns a pace of speed times the recorded pace. A speed that is not a positive
// number counts as 1.
func NewPace(speed float64) *Pace {
	if !(speed > 0) {
		speed = 1
	}
	return &Pace{speed: speed}
}

// Wait returns how long to wait from now until a record is due; 0 = it is due. The time of the
// record is in ns since 1970.
func (p *Pace) Wait(record int64, now time.Time) time.Duration {
	if record <= p.anchor {
		return 0
	}
	if p.anchor == 0 {
		p.anchor, p.start = record, now
		return 0
	}
	offset := float64(record-p.anchor) / p.speed
	if offset >= math.MaxInt64 {
		return math.MaxInt64
	}
	return max(0, time.Duration(offset)-now.Sub(p.start))
}
