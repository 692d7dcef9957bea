package serve

import (
	"fantail/feed"
	"fantail/relay"
)

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
