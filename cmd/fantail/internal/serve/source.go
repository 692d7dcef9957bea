package serve

import (
	"sync"
	"time"

	"fantail/feed"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/relay"
)

// sourceNews tells the clients how the source fares. Any goroutine.
type sourceNews struct {
	hub *hub.Hub
	mu  sync.Mutex // the hub hears one at a time
}

// notify tells that the source is away, or back after an outage.
func (n *sourceNews) notify(up bool, outage time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hub.Source(up, outage)
}

// relayed passes on what a relay tells that is the source: how its own source
// fares; and a gap, of which this relay's clients are told as of an outage that
// is over.
func (n *sourceNews) relayed(told fantailv1.Notice) {
	switch told.Kind {
	case "source":
		n.notify(told.Up, told.Outage)
	case "gap":
		n.notify(false, 0)
		n.notify(true, 0)
	}
}

// sourceStatus tells the relay about the source in the relay's words: the two
// packages do not know each other.
func sourceStatus(s feed.Stats) relay.SourceStatus {
	out := relay.SourceStatus{
		Connected: s.Connected, EverConnected: s.EverConnected, Messages: s.Messages, Bytes: s.Bytes,
		Outage: s.Outage, LastMessage: s.LastMessage, Alarm: s.Alarm, SourceRedacted: s.Source,
		Reconnects: make(map[string]uint64), Dropped: make(map[string]uint64),
		Repeated: s.Arbiter.Repeated, Missed: s.Arbiter.Missed, Restarts: s.Arbiter.Restarts,
	}
	for why, n := range s.Reconnects {
		out.Reconnects[why.String()] = n
	}
	for why, n := range s.Dropped {
		out.Dropped[why.String()] = n
	}
	for _, one := range s.Sources {
		out.Sources = append(out.Sources, sourceStatus(one))
	}
	return out
}
