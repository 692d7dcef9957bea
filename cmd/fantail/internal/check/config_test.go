package check

import (
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/config"
	"fantail/feed"
)

func TestSourceIsMasked(t *testing.T) {
	const several = "demo:?seed=1\n  demo:?seed=2 wss://user:pass@h.example/x"
	cmdtest.Setenv(t, "FANTAIL_SOURCE_URL="+several, "FANTAIL_SOURCE_MODE=race")
	c, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got := feed.Redact(c.Feed.Sources.URL); got != "demo:?seed=1 demo:?seed=2 wss://***@h.example/x" {
		t.Errorf("shown as %s", got)
	}
}
