package hub

import "time"

// Bounds of one client's queue. The queue is the messages after the one that is being
// written.
type Bounds struct {
	Messages int           // the most messages
	Bytes    int           // the most bytes together; one message alone may be larger
	Stall    time.Duration // the longest time without progress while the queue holds something
}

// over reports whether a backlog breaks the bounds. Only time binds a client that is
// catching up (and the ring's tail, elsewhere).
func (b Bounds) over(q backlog, catchingUp bool) bool {
	if q.holds && q.still >= b.Stall {
		return true
	}
	return !catchingUp && (q.messages > b.Messages || q.messages > 1 && q.bytes > b.Bytes)
}

// near reports whether a backlog is within half the bounds. A client is catching up
// from its join until near first holds.
func (b Bounds) near(q backlog) bool {
	return q.messages <= b.Messages/2 && (q.messages <= 1 || q.bytes <= b.Bytes/2)
}
