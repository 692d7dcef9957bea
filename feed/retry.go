package feed

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// A wait is drawn evenly from 0 to a bound that starts at retryFirst and
	// doubles up to retryCap: full jitter, so that relays which lost a source
	// together do not come back together.
	retryFirst = 500 * time.Millisecond
	retryCap   = 30 * time.Second

	// settle is how old a connection must be when it delivers a message for
	// the waits to start over: one that greets and drops has not recovered.
	settle = 10 * time.Second
)

// retry says how long to wait before the next connection: not at all the first
// time, then with back-off. One goroutine.
type retry struct {
	again bool
	wait  *backoff.ExponentialBackOff
}

func newRetry() *retry {
	// The library draws from interval ± factor x interval. With a factor of
	// 1 and half of our bounds that is 0 to the bound.
	return &retry{wait: &backoff.ExponentialBackOff{
		InitialInterval:     retryFirst / 2,
		MaxInterval:         retryCap / 2,
		Multiplier:          2,
		RandomizationFactor: 1,
	}}
}

// within lowers the bound of all waits.
func (r *retry) within(most time.Duration) { r.wait.MaxInterval = most / 2 }

// after returns how long to wait after a failure: never shorter than it asks for,
// and, so that relays which were told the same do not come back together, up to a
// quarter longer.
func (r *retry) after(f *Failure) time.Duration {
	least := f.AtLeast
	if least > 0 {
		least += rand.N(least/4 + 1)
	}
	if !r.again {
		r.again = true
		return least
	}
	return max(least, r.wait.NextBackOff())
}

// reset makes the next wait the first again.
func (r *retry) reset() {
	r.again = false
	r.wait.Reset()
}

// sleep waits for d or the end of ctx, and says whether ctx still lives.
func sleep(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}
