package serve

import (
	"testing"

	"fantail/feed"
	"fantail/feed/arbiter"
	"fantail/feed/driver"
)

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
