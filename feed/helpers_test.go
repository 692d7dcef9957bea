package feed

import (
	"context"
	"errors"
	"sync"
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

func (r *running) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }() // ended by cancel
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { r.stop() })
}

// findAndOpen makes the driver of a URL.
func findAndOpen(url string) (driver.Driver, error) {
	s, err := findScheme(url)
	if err != nil {
		return nil, err
	}
	return s.open(driver.Options{URL: url}.WithDefaults())
}

// endsWithin holds feeds to a time for their end. The quickest of several counts: a
// busy machine may hold up any one of them for longer.
func endsWithin(t *testing.T, most time.Duration, begin func() *running) {
	t.Helper()
	var took []time.Duration
	for range 5 {
		r := begin()
		began := time.Now()
		if err := r.stop(); err != nil {
			t.Errorf("Run ended with %v", err)
		}
		if took = append(took, time.Since(began)); took[len(took)-1] <= most {
			return
		}
	}
	t.Errorf("Run took %v to end, want at most %v", took, most)
}

// deliver sends a message, over and over as long as the feed says that it was not
// sent, since that a connection is busy, or not there yet, may be the machine's
// doing.
func deliver(t *testing.T, r *running, kind hub.Kind, payload []byte) {
	t.Helper()
	for late := time.Now().Add(peertest.Patience); ; {
		err := r.Send(kind, payload)
		if err == nil {
			return
		}
		if !errors.Is(err, driver.ErrBusy) && !errors.Is(err, driver.ErrAway) || time.Now().After(late) {
			t.Errorf("%.40q was not sent: %v", payload, err)
			return
		}
	}
}
