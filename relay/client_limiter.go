package relay

import (
	"net/netip"
	"sync"
)

// clientLimiter hands out the seats for clients: a number in all, and a number for each
// block of addresses. A seat is taken before the handshake and given back when the
// client is gone. Any goroutine.
type clientLimiter struct {
	most, mostPerIP int // 0 is no limit

	// guarded by mu
	mu    sync.Mutex
	taken int
	perIP map[netip.Prefix]int // nil without mostPerIP
}

func newClientLimiter(most, mostPerIP int) *clientLimiter {
	l := &clientLimiter{most: most, mostPerIP: mostPerIP}
	if mostPerIP > 0 {
		l.perIP = make(map[netip.Prefix]int)
	}
	return l
}

// take takes a seat, or returns which limit is reached.
func (l *clientLimiter) take(from netip.Prefix) (why refusalReason, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.mostPerIP > 0 && l.perIP[from] >= l.mostPerIP:
		return refusedPerIP, false
	case l.most > 0 && l.taken >= l.most:
		return refusedFull, false
	}
	l.taken++
	if l.mostPerIP > 0 {
		l.perIP[from]++
	}
	return 0, true
}

func (l *clientLimiter) leave(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken--
	if l.mostPerIP == 0 {
		return
	}
	if l.perIP[from]--; l.perIP[from] == 0 {
		delete(l.perIP, from)
	}
}
