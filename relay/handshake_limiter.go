package relay

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// handshakeWait is how long a handshake may wait for its turn. It bounds the
// queue to as many handshakes as pass in that time.
const handshakeWait = time.Second

// handshakeLimiter lets so many handshakes a second through, in the order they came.
type handshakeLimiter struct {
	limiter *rate.Limiter // nil lets everybody through
	mu      sync.Mutex    // held from a reservation until it is kept or given back
}

// newHandshakeLimiter makes one for a rate in handshakes a second; 0 is no limit. A
// tenth of a second's worth may come at once.
func newHandshakeLimiter(perSecond float64) *handshakeLimiter {
	if perSecond <= 0 {
		return new(handshakeLimiter)
	}
	return &handshakeLimiter{limiter: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/10)))}
}

// pass waits for a turn and reports whether it came: not if the queue is full
// or ctx ended.
func (l *handshakeLimiter) pass(ctx context.Context) bool {
	if l.limiter == nil {
		return true
	}
	turn, wait := l.queue()
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
func (l *handshakeLimiter) queue() (turn *rate.Reservation, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	turn = l.limiter.Reserve()
	if wait = turn.Delay(); wait > handshakeWait {
		turn.Cancel()
		return nil, 0
	}
	return turn, wait
}
