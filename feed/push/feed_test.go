package push_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/hub"
)

func inputs(payloads ...string) []hub.Input {
	var all []hub.Input
	for _, p := range payloads {
		all = append(all, hub.Input{Payload: []byte(p)})
	}
	return all
}

func TestPush(t *testing.T) {
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "push:"}, Messages: feed.Messages{MaxMessage: 8}})
	if !r.HasKeys() {
		t.Error("pushed messages may have keys")
	}
	if err := r.Push([]hub.Input{{Key: "k", Payload: []byte("one")}, {Payload: []byte("\xff")}}); err != nil {
		t.Fatal(err)
	}
	got := r.Sink.Wait(t, 2)
	if got[0].Payload != "one" || got[0].Kind != hub.Text || got[1].Kind != hub.Binary || fmt.Sprint(r.Sink.Keys) != "[k ]" {
		t.Errorf("got %+v, %q", got, r.Sink.Keys)
	}
	if err := r.Push(inputs("fits", "is too long")); err != driver.ErrPushTooLarge {
		t.Errorf("got %v", err)
	}
	if err := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "demo:"}}).Push(inputs("x")); err != feed.ErrNoPush {
		t.Errorf("the demo took a message: %v", err)
	}
}

// TestPushHammer: messages that were taken are published once, those of each producer in order.
func TestPushHammer(t *testing.T) {
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "push:"}, Messages: feed.Messages{MaxMessage: 64}})
	const producers, each = 8, 500
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				for errors.Is(r.Push(inputs(fmt.Sprintf("%d %d", p, i))), driver.ErrPushFull) {
				}
			}
		})
	}
	wg.Wait()
	next := map[string]int{}
	for _, m := range r.Sink.Wait(t, producers*each) {
		p, i, _ := strings.Cut(m.Payload, " ")
		if i != fmt.Sprint(next[p]) {
			t.Fatalf("of producer %s came %s, want %d", p, i, next[p])
		}
		next[p]++
	}
}
