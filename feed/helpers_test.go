package feed

import (
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/peertest"
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

// findAndOpen makes the driver of a URL.
func findAndOpen(url string) (driver.Driver, error) {
	s, err := findScheme(url)
	if err != nil {
		return nil, err
	}
	return s.open(driver.Options{URL: url}.WithDefaults())
}

// endsWithin holds feeds to a time for their end.
func endsWithin(t *testing.T, most time.Duration, begin func() *running) {
	t.Helper()
	feedtest.EndsWithin(t, most, func() func() error { return begin().stop })
}

// deliver sends a message until it is taken.
func deliver(t *testing.T, r *running, kind hub.Kind, payload []byte) {
	t.Helper()
	feedtest.Deliver(t, r.Send, kind, payload)
}

// eventuallyTakes waits until so many connections take messages.
func eventuallyTakes(t *testing.T, r *running, n int) {
	t.Helper()
	peertest.Eventually(t, fmt.Sprintf("%d connections take messages", n), func() bool { return r.Stats().Taking >= n })
}
