package demo

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	dayLength  = 5 * time.Minute // a trading day, compressed
	slotCount  = 300             // parts of a day, each of an even rate
	slotLength = dayLength / slotCount
)

// rhythm paces the messages of the market through its days. The opening and the close are busy,
// noon is quiet, and one to three bursts lie between. However the messages are spread, the mean
// of a day is rate. The same seed gives the same days. One goroutine uses a rhythm.
type rhythm struct {
	rnd     *rand.Rand
	rate    float64            // messages a second, the mean of a day
	weights [slotCount]float64 // of the present day's slots: the slot's rate over the mean rate
	slot    int
	spent   float64 // seconds of the slot that have passed
}

func newRhythm(seed uint64, rate float64) *rhythm {
	r := &rhythm{rnd: rand.New(rand.NewPCG(seed, 1)), rate: rate}
	r.dawn()
	return r
}

// next returns the time until the next message: the time over which the present rate adds up to
// one message.
func (r *rhythm) next() time.Duration {
	wait, missing := 0.0, 1.0 // seconds, messages
	for {
		rate := r.rate * r.weights[r.slot]
		left := slotLength.Seconds() - r.spent
		if missing <= left*rate {
			step := missing / rate
			r.spent += step
			return time.Duration(math.Round((wait + step) * float64(time.Second)))
		}
		missing -= left * rate
		wait += left
		r.advance()
	}
}

// advance enters the next slot.
func (r *rhythm) advance() {
	r.spent = 0
	if r.slot++; r.slot == slotCount {
		r.slot = 0
		r.dawn()
	}
}

// dawn plans a day: its shape, some noise and its bursts, scaled to a mean of 1.
func (r *rhythm) dawn() {
	for i := range r.weights {
		r.weights[i] = shapeOfDay(float64(i)/slotCount) * (0.85 + 0.3*r.rnd.Float64())
	}
	for range 1 + r.rnd.IntN(3) {
		start, length := slotCount/8+r.rnd.IntN(slotCount*3/4), 3+r.rnd.IntN(4)
		for i := start; i < start+length; i++ {
			r.weights[i] *= 4
		}
	}
	sum := 0.0
	for _, w := range r.weights {
		sum += w
	}
	for i := range r.weights {
		r.weights[i] *= slotCount / sum
	}
}

// shapeOfDay returns how busy the market is at x, from 0 at the opening to 1 at
// the close: highest at both ends, lowest at noon, never 0.
func shapeOfDay(x float64) float64 {
	noon := (x - 0.5) / 0.12
	return 0.6 + 1.6*math.Exp(-x/0.06) + 1.2*math.Exp((x-1)/0.05) - 0.35*math.Exp(-noon*noon)
}
