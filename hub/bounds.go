package hub

import "time"

// Bounds of one client's queue: the messages behind the one being written.
type Bounds struct {
	Messages int           // at most so many
	Bytes    int           // of at most this size together, unless it is one alone
	Stall    time.Duration // the longest time without progress while it holds something
}

// over reports whether the backlog breaks the bounds. A client that is
// catching up is bound by time alone (and by the ring's tail, elsewhere).
func (b Bounds) over(q backlog, catchingUp bool) bool {
	if q.holds && q.still >= b.Stall {
		return true
	}
	return !catchingUp && (q.messages > b.Messages || q.messages > 1 && q.bytes > b.Bytes)
}

// near reports whether the backlog is within half the bounds: a client counts
// as catching up from its join until this first holds.
func (b Bounds) near(q backlog) bool {
	return q.messages <= b.Messages/2 && (q.messages <= 1 || q.bytes <= b.Bytes/2)
}
