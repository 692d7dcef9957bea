package relay

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// handshakeWait is how long a handshake may wait for its turn. So at most as many
// handshakes wait as pass in that time.
const handshakeWait = time.Second

// handshakeLimiter lets a number of handshakes a second pass, in the order in which
// they came. Any goroutine.
type handshakeLimiter struct {
	limiter *rate.Limiter // nil lets all handshakes pass
	mu      sync.Mutex    // held from a reservation until it is kept or given back
}

// newHandshakeLimiter takes a rate in handshakes a second; 0 is no limit. A tenth of a
// second's worth may come at once.
func newHandshakeLimiter(perSecond float64) *handshakeLimiter {
	if perSecond <= 0 {
		return new(handshakeLimiter)
	}
	return &handshakeLimiter{limiter: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/10)))}
}

// pass waits for a turn. It reports false if the queue is full or ctx ended.
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

// queue takes the next turn and returns how long to wait for it, or nil if that is too
// long. The limiter cannot give a turn back once a later one was taken, so without the
// lock refused handshakes would use up the turns of those that wait.
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
