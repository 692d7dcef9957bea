// Package retry says how long to wait before a lost source is tried again. It knows no source, and does
// not wait itself.
package retry

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// A wait is drawn evenly from 0 to a bound that starts at First and doubles up to
// Most: full jitter, so that relays that lost a source together do not come back
// together (TestU2JitterIsFull).
const (
	First = 500 * time.Millisecond
	Most  = 30 * time.Second
)

// Waits says how long to wait before the next connection: not at all the first time, then with back-off.
// One goroutine uses it.
type Waits struct {
	again bool
	wait  *backoff.ExponentialBackOff
}

// New returns waits that start at the first.
func New() *Waits {
	// The library draws from interval ± factor x interval. With a factor of
	// 1 and half of our bounds that is 0 to the bound.
	return &Waits{wait: &backoff.ExponentialBackOff{
		InitialInterval:     First / 2,
		MaxInterval:         Most / 2,
		Multiplier:          2,
		RandomizationFactor: 1,
	}}
}

// Within lowers the bound of all waits. It is called before the first.
func (w *Waits) Within(most time.Duration) {
	w.wait.MaxInterval = most / 2
	w.wait.InitialInterval = min(w.wait.InitialInterval, most/2)
}

// Next returns how long to wait after a failure. The source has asked for at least least. Up to a quarter
// is added to that, so that relays that were told the same do not come back together.
func (w *Waits) Next(least time.Duration) time.Duration {
	if least > 0 {
		least += rand.N(least/4 + 1)
	}
	if !w.again {
		w.again = true
		return least
	}
	return max(least, w.wait.NextBackOff())
}

// Reset makes the next wait the first again.
func (w *Waits) Reset() {
	w.again = false
	w.wait.Reset()
}
