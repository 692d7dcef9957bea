// Package feedrun runs feeds for the tests of drivers, which see them from outside.
package feedrun

import (
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/peertest"
)

// Running is a Feed under test.
type Running struct {
	*feed.Feed
	Sink *feedtest.Sink
	Log  *feedtest.Journal
	Stop func() error // ends Run and returns what it returned; may be called again
}

// Prepare makes a feed that does not run yet.
func Prepare(t testing.TB, cfg feed.Config) *Running {
	t.Helper()
	r := &Running{Sink: feedtest.NewSink(), Log: feedtest.NewJournal()}
	var err error
	if r.Feed, err = feed.New(cfg, r.Sink, zerolog.New(r.Log)); err != nil {
		t.Fatal(err)
	}
	return r
}

// Start runs a feed until the test's end.
func Start(t testing.TB, cfg feed.Config) *Running {
	t.Helper()
	r := Prepare(t, cfg)
	r.Run(t)
	return r
}

// Run runs the feed until the test's end.
func (r *Running) Run(t testing.TB) { r.Stop = feedtest.Run(t, r.Feed.Run) }

// ToItsEnd runs a feed until it ends by itself, and returns what was published and how
// long it took.
func ToItsEnd(t testing.TB, cfg feed.Config) (*feedtest.Sink, time.Duration, error) {
	t.Helper()
	r := Prepare(t, cfg)
	begin := time.Now()
	err := r.Feed.Run(t.Context())
	return r.Sink, time.Since(begin), err
}

// EndsWithin holds feeds to a time for their end.
func EndsWithin(t *testing.T, most time.Duration, begin func() *Running) {
	t.Helper()
	feedtest.EndsWithin(t, most, func() func() error { return begin().Stop })
}

// Deliver sends a message until it is taken.
func (r *Running) Deliver(t *testing.T, kind hub.Kind, payload []byte) {
	t.Helper()
	feedtest.Deliver(t, r.Send, kind, payload)
}

// EventuallyTakes waits until so many connections take messages.
func (r *Running) EventuallyTakes(t *testing.T, n int) {
	t.Helper()
	peertest.Eventually(t, fmt.Sprintf("%d connections take messages", n), func() bool { return r.Stats().Taking >= n })
}
