package main

import (
	"strings"
	"testing"
	"time"

	"fantail/feed"
	"fantail/hub"
)

func TestSeveralSourcesAreConfigured(t *testing.T) {
	setenv(t, "FANTAIL_SOURCE_URL=demo:?seed=1\n  demo:?seed=2 wss://user:pass@h.example/x", "FANTAIL_SOURCE_MODE=race",
		"FANTAIL_SOURCE_SEQ=seq", "FANTAIL_SOURCE_GAP_WAIT=200ms", "FANTAIL_SOURCE_FAILBACK=0")
	c, err := loadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if c.SourceMode != feed.Race || c.SourceSeq != "seq" || c.SourceGapWait != 200*time.Millisecond || c.SourceFailback != feed.NoFailback {
		t.Errorf("got %+v", c)
	}
	if got := maskedSource(c, c.SourceURL); got != "demo:?seed=1 demo:?seed=2 wss://***@h.example/x" {
		t.Errorf("shown as %s", got)
	}
}

func TestSeveralSourcesProblems(t *testing.T) {
	for _, tt := range []struct {
		env  []string
		want string
	}{
		{[]string{"FANTAIL_SOURCE_URL=demo: htps://h/?token=geheim"}, `source 2 of 2: feed: the source URL has the unknown scheme "htps"`},
		{[]string{"FANTAIL_SOURCE_URL=" + strings.Repeat("demo: ", 17)}, "at most 16"},
		{[]string{"FANTAIL_SOURCE_MODE=first"}, "FANTAIL_SOURCE_MODE=first: not known; write failover or race or merge"},
		{[]string{"FANTAIL_SOURCE_SEQ=seq"}, "only with FANTAIL_SOURCE_MODE=race"},
		{[]string{"FANTAIL_SOURCE_GAP_WAIT=0"}, "FANTAIL_SOURCE_GAP_WAIT=0: too small"},
		{[]string{"FANTAIL_SOURCE_FAILBACK=1ms"}, "FANTAIL_SOURCE_FAILBACK=1ms: too small"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			setenv(t, tt.env...)
			if _, err := loadConfig(); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestRelayNoticesAreHanded: what a relay that is the source tells of its own
// source, and gaps, reach this relay's clients.
func TestRelayNoticesAreHanded(t *testing.T) {
	h := hub.New(hub.Config{})
	defer h.Close()
	news := &sourceNews{hub: h}
	for _, tt := range []struct {
		told feed.Notice
		up   bool
	}{
		{feed.Notice{Kind: "source"}, false}, {feed.Notice{Kind: "heartbeat"}, false},
		{feed.Notice{Kind: "source", Up: true, Outage: time.Second}, true}, {feed.Notice{Kind: "gap", Missed: 3}, true},
	} {
		if news.relayed(tt.told); h.SourceIsUp() != tt.up {
			t.Errorf("behind %+v the source is up: %v", tt.told, h.SourceIsUp())
		}
	}
}

func TestSourceStatusOfSeveral(t *testing.T) {
	got := sourceStatus(feed.Stats{
		Connected: true, Arbiter: feed.ArbiterStats{Repeated: 1, Missed: 2, Restarts: 3},
		Sources: []feed.Stats{{Source: "ws://a", Messages: 4, Reconnects: map[feed.Reason]uint64{feed.ReasonLost: 5}}, {Source: "ws://b"}},
	})
	if got.Repeated != 1 || got.Missed != 2 || got.Restarts != 3 || len(got.Sources) != 2 || got.Sources[0].SourceRedacted != "ws://a" ||
		got.Sources[0].Messages != 4 || got.Sources[0].Reconnects["lost"] != 5 {
		t.Errorf("got %+v", got)
	}
}
