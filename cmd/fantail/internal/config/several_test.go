package config

import (
	"strings"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/feed"
)

func TestSeveralSourcesAreConfigured(t *testing.T) {
	cmdtest.Setenv(t, "FANTAIL_SOURCE_URL=demo:?seed=1\n  demo:?seed=2 wss://user:pass@h.example/x", "FANTAIL_SOURCE_MODE=race",
		"FANTAIL_SOURCE_SEQ=seq", "FANTAIL_SOURCE_GAP_WAIT=200ms", "FANTAIL_SOURCE_FAILBACK=0")
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Feed.Sources.Mode != feed.Race || c.Feed.Sources.Seq != "seq" || c.Feed.Sources.GapWait != 200*time.Millisecond || c.Feed.Sources.Failback != feed.NoFailback {
		t.Errorf("got %+v", c)
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
			cmdtest.Setenv(t, tt.env...)
			if _, err := Load(); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("got %v", err)
			}
		})
	}
}
