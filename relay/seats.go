package relay

import (
	"net/netip"
	"sync"
)

// seats are the places for clients: so many in all, so many for each
// neighbourhood of addresses. A seat is taken before the handshake and left when
// the session has ended.
type seats struct {
	max, maxPerIP int // 0 is no limit

	// guarded by mu
	mu    sync.Mutex
	taken int
	perIP map[netip.Prefix]int // nil without maxPerIP
}

func newSeats(max, maxPerIP int) *seats {
	s := &seats{max: max, maxPerIP: maxPerIP}
	if maxPerIP > 0 {
		s.perIP = make(map[netip.Prefix]int)
	}
	return s
}

// take takes a seat, or tells which limit is reached.
func (s *seats) take(from netip.Prefix) (why refusal, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.maxPerIP > 0 && s.perIP[from] >= s.maxPerIP:
		return refusedPerIP, false
	case s.max > 0 && s.taken >= s.max:
		return refusedFull, false
	}
	s.taken++
	if s.maxPerIP > 0 {
		s.perIP[from]++
	}
	return 0, true
}

func (s *seats) leave(from netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if s.maxPerIP == 0 {
		return
	}
	if s.perIP[from]--; s.perIP[from] == 0 {
		delete(s.perIP, from)
	}
}
