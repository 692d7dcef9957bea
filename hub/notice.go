package hub

import "time"

// NoticeKind is an out-of-band event that clients are told. No other package adds one.
type NoticeKind uint8

const (
	Hello      NoticeKind = iota // the connection is up; always the first notice
	Gap                          // messages for this client were left out
	SourceDown                   // the source is away, and the feed pauses
	SourceUp                     // the source is back
	Heartbeat                    // nothing else was sent for a while
)

var noticeWords = [...]string{Hello: "hello", Gap: "gap", SourceDown: "source", SourceUp: "source", Heartbeat: "heartbeat"}

// String returns the notice's word on the wire.
func (k NoticeKind) String() string { return noticeWords[k] }

// Notice is one event for one client.
type Notice struct {
	Kind NoticeKind
	At   Position // after what the client has got, the gap included

	// For a Gap. From is where it begins. Missed is the number of messages in it.
	// AtLeast says that there may be more, which nobody could count. Unknown is a gap
	// of which nothing is known, after a position of another epoch.
	From      Position
	Missed    uint64
	AtLeast   bool
	Unknown   bool
	Conflated bool // newer messages of the same keys stand for those that were left out

	Outage time.Duration // for SourceUp: how long the source was away
}

// due is the set of notices that wait for a frame boundary, as bits in the order of
// urgency. A notice is made when it is sent, so one of each kind is enough, and what it
// tells is true.
type due uint8

const (
	dueHello due = 1 << iota
	dueGap
	dueSource
	dueHeartbeat
)

// gap is a gap that a client still has to be told of. Gaps that follow each other before
// that become one.
type gap struct {
	open      bool
	from      uint64 // sequence
	missed    uint64
	atLeast   bool
	unknown   bool
	conflated bool
}

func (g *gap) add(from uint64, l loss, conflated bool) {
	if !g.open {
		g.open, g.from = true, from
	}
	g.missed += l.missed
	g.atLeast = g.atLeast || l.atLeast
	g.conflated = g.conflated || conflated
}

// tell sends a notice at the next frame boundary, if the client's format has notices.
func (c *Client) tell(what due) {
	if !c.lane.notices {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.state.closeSent {
		return
	}
	c.state.due |= what
	c.settleOutsideLocked()
}

// noticeFrameLocked makes the most urgent notice that is due.
func (c *Client) noticeFrameLocked() []byte {
	s, n := &c.state, Notice{At: c.hub.position(c.seq)}
	switch {
	case s.due&dueHello != 0:
		s.due &^= dueHello
		n.Kind = Hello
		if s.gap.open { // a client that breaks off here has not been told of the gap
			n.At = c.hub.position(s.gap.from)
		}
	case s.due&dueGap != 0:
		s.due &^= dueGap
		n.Kind, n.From = Gap, c.hub.position(s.gap.from)
		n.Missed, n.AtLeast, n.Unknown, n.Conflated = s.gap.missed, s.gap.atLeast, s.gap.unknown, s.gap.conflated
		s.gap = gap{}
	case s.due&dueSource != 0:
		s.due &^= dueSource
		n.Kind = SourceDown
		if e := c.hub.source.Load(); e.up {
			n.Kind, n.Outage = SourceUp, e.outage
		}
	case s.due&dueHeartbeat != 0:
		s.due &^= dueHeartbeat
		n.Kind = Heartbeat
	default:
		panic("hub: no notice is due")
	}
	return c.lane.format.Notice(n)
}

// sourceEvent is the last change of the source's state.
type sourceEvent struct {
	number uint64
	up     bool
	outage time.Duration
}

// Source tells the clients that have notices that the source is away, or back after an
// outage. The sweep spreads the news, so that the caller, which may be the publisher,
// waits for no client (I1). One goroutine at a time may call it.
func (h *Hub) Source(up bool, outage time.Duration) {
	h.source.Store(&sourceEvent{number: h.source.Load().number + 1, up: up, outage: outage})
}

// SourceIsUp reports what Source was last told, true before the first call.
func (h *Hub) SourceIsUp() bool { return h.source.Load().up }
