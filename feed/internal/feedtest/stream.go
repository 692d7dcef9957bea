package feedtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"fantail/feed/driver"
)

// Open opens a connection of a driver.
func Open(t testing.TB, d driver.Driver) driver.Stream {
	t.Helper()
	s, err := d.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// WantFailure wants a failure with all words in its text.
func WantFailure(t *testing.T, err error, reason driver.Reason, words ...string) {
	t.Helper()
	f, ok := errors.AsType[*driver.Failure](err)
	if !ok || f.Reason != reason || !Holds(err.Error(), words) {
		t.Errorf("got %v; want reason %s and the words %q", err, reason, words)
	}
}

// WantNumbering expects the start of a numbering next and returns what is missing before it.
func WantNumbering(t *testing.T, s driver.Stream, name string, behind uint64) driver.Loss {
	t.Helper()
	ev, err := s.Next()
	if err != nil || ev.Kind != driver.KindNumberingStart || ev.Break.Name != name || ev.Break.Behind != behind {
		t.Fatalf("got %+v, %v, want the numbering %q to start behind %d", ev, err, name, behind)
	}
	return ev.Break.Loss
}

// WantNext expects a message next.
func WantNext(t *testing.T, s driver.Stream, payload string, number uint64) {
	t.Helper()
	ev, err := s.Next()
	if err != nil || ev.Kind != driver.KindMessage || string(ev.Message.Payload) != payload || ev.Message.Seq != number {
		t.Errorf("got %v %+v, %v; want %q with %d", ev.Kind, ev.Message, err, payload, number)
	}
}

// Play opens one connection of a driver and publishes its messages to the sink, until the
// stream ends. It returns why that or the opening ended, and what was dropped.
func Play(ctx context.Context, d driver.Driver, sink *Sink) (dropped []driver.DropReason, err error) {
	s, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for {
		ev, err := s.Next()
		switch {
		case err != nil:
			return dropped, err
		case ev.Kind == driver.KindMessage:
			ev.Message.Time = time.Now()
			sink.Publish(*ev.Message)
		case ev.Kind == driver.KindDropped:
			dropped = append(dropped, ev.Drop)
		}
	}
}

// Follow opens one connection of a driver after the other, without waiting between them,
// and publishes their messages to the sink. stop ends that, and returns how often a
// connection ended, by its reason.
func Follow(t testing.TB, d driver.Driver, sink *Sink) (stop func() map[driver.Reason]int) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(map[driver.Reason]int)
	done := make(chan struct{})
	go func() { // ended by cancel
		defer close(done)
		for ctx.Err() == nil {
			_, err := Play(ctx, d, sink)
			failed, again := errors.AsType[*driver.Failure](err)
			switch {
			case ctx.Err() != nil:
			case again:
				ended[failed.Reason]++
			default:
				t.Errorf("the source can never be read on: %v", err)
				return
			}
		}
	}()
	stop = sync.OnceValue(func() map[driver.Reason]int { cancel(); <-done; return ended })
	t.Cleanup(func() { stop() })
	return stop
}
