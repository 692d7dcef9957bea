package relay

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// turnstileWait is how long a handshake may wait for its turn. It bounds the
// queue to as many handshakes as pass in that time.
const turnstileWait = time.Second

// turnstile lets so many handshakes a second through, in the order they came.
type turnstile struct {
	limiter *rate.Limiter // nil lets everybody through
}

// newTurnstile makes one for a rate in handshakes a second; 0 is no limit. A
// tenth of a second's worth may come at once.
func newTurnstile(perSecond float64) turnstile {
	if perSecond <= 0 {
		return turnstile{}
	}
	return turnstile{rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/10)))}
}

// pass waits for a turn and reports whether it came: not if the queue is full
// or ctx ended.
func (t turnstile) pass(ctx context.Context) bool {
	if t.limiter == nil {
		return true
	}
	turn := t.limiter.Reserve()
	wait := turn.Delay()
	if wait == 0 {
		return true
	}
	if wait > turnstileWait {
		turn.Cancel()
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		turn.Cancel()
		return false
	}
}
