package serve

import (
	"testing"
	"time"

	"fantail/feed"
	"fantail/feed/arbiter"
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/fantailv1"
)

// TestRelayNoticesAreHanded: what a relay that is the source tells of its own
// source, and gaps, reach this relay's clients.
func TestRelayNoticesAreHanded(t *testing.T) {
	h := hub.New(hub.Config{})
	defer h.Close()
	news := &sourceNews{hub: h}
	for _, tt := range []struct {
		told fantailv1.Notice
		up   bool
	}{
		{fantailv1.Notice{Kind: "source"}, false}, {fantailv1.Notice{Kind: "heartbeat"}, false},
		{fantailv1.Notice{Kind: "source", Up: true, Outage: time.Second}, true}, {fantailv1.Notice{Kind: "gap", Missed: 3}, true},
	} {
		if news.relayed(tt.told); h.SourceIsUp() != tt.up {
			t.Errorf("behind %+v the source is up: %v", tt.told, h.SourceIsUp())
		}
	}
}

func TestSourceStatusOfSeveral(t *testing.T) {
	got := sourceStatus(feed.Stats{
		Connected: true, Arbiter: arbiter.Stats{Repeated: 1, Missed: 2, Restarts: 3},
		Sources: []feed.Stats{{Source: "ws://a", Messages: 4, Reconnects: map[driver.Reason]uint64{driver.ReasonLost: 5}}, {Source: "ws://b"}},
	})
	if got.Repeated != 1 || got.Missed != 2 || got.Restarts != 3 || len(got.Sources) != 2 || got.Sources[0].SourceRedacted != "ws://a" ||
		got.Sources[0].Messages != 4 || got.Sources[0].Reconnects["lost"] != 5 {
		t.Errorf("got %+v", got)
	}
}
