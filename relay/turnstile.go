package relay

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// turnstileWait is how long a handshake may wait for its turn. It bounds the
// queue to as many handshakes as pass in that time.
const turnstileWait = time.Second

// turnstile lets so many handshakes a second through, in the order they came.
type turnstile struct {
	limiter *rate.Limiter // nil lets everybody through
	mu      sync.Mutex    // held from a reservation until it is kept or given back
}

// newTurnstile makes one for a rate in handshakes a second; 0 is no limit. A
// tenth of a second's worth may come at once.
func newTurnstile(perSecond float64) *turnstile {
	if perSecond <= 0 {
		return new(turnstile)
	}
	return &turnstile{limiter: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/10)))}
}

// pass waits for a turn and reports whether it came: not if the queue is full
// or ctx ended.
func (t *turnstile) pass(ctx context.Context) bool {
	if t.limiter == nil {
		return true
	}
	turn, wait := t.queue()
	if turn == nil || wait == 0 {
		return turn != nil
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

// queue takes the next turn and tells when it comes, or returns nil if that is
// too late. The limiter cannot give a turn back once another was taken behind
// it, so refusals would eat up the turns of those who wait: hence the lock.
func (t *turnstile) queue() (turn *rate.Reservation, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn = t.limiter.Reserve()
	if wait = turn.Delay(); wait > turnstileWait {
		turn.Cancel()
		return nil, 0
	}
	return turn, wait
}
