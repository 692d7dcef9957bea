package feedtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/peertest"
)

// Run runs a feed until the test's end. stop ends it before, and returns what Run
// returned; it may be called again.
func Run(t testing.TB, run func(context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }() // ended by cancel
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { stop() })
	return stop
}

// EndsWithin holds feeds to a time for their end, by stop. The quickest of several
// counts: a busy machine may hold up any one of them for longer.
func EndsWithin(t *testing.T, most time.Duration, begin func() (stop func() error)) {
	t.Helper()
	var took []time.Duration
	for range 5 {
		stop := begin()
		began := time.Now()
		if err := stop(); err != nil {
			t.Errorf("Run ended with %v", err)
		}
		if took = append(took, time.Since(began)); took[len(took)-1] <= most {
			return
		}
	}
	t.Errorf("Run took %v to end, want at most %v", took, most)
}

// Deliver sends a message, over and over as long as the feed says that it was not
// sent, since that a connection is busy, or not there yet, may be the machine's
// doing.
func Deliver(t *testing.T, send func(hub.Kind, []byte) error, kind hub.Kind, payload []byte) {
	t.Helper()
	for late := time.Now().Add(peertest.Patience); ; {
		err := send(kind, payload)
		if err == nil {
			return
		}
		if !errors.Is(err, driver.ErrBusy) && !errors.Is(err, driver.ErrAway) || time.Now().After(late) {
			t.Errorf("%.40q was not sent: %v", payload, err)
			return
		}
	}
}
