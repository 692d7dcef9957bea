package feed

import (
	"testing"

	"github.com/rs/zerolog"

	"fantail/feed/internal/feedtest"
)

// running is a Feed under test.
type running struct {
	*Feed
	sink *feedtest.Sink
	log  *feedtest.Journal
	stop func() error // ends Run and returns what it returned; may be called again
}

// start runs a feed until the test's end.
func start(t *testing.T, cfg Config) *running {
	t.Helper()
	r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
	var err error
	if r.Feed, err = New(cfg, r.sink, zerolog.New(r.log)); err != nil {
		t.Fatal(err)
	}
	r.run(t)
	return r
}

func (r *running) run(t testing.TB) { r.stop = feedtest.Run(t, r.Run) }
