package feed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/stage"
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
	r := start(t, Config{Sources: Sources{URL: "push:"}, Messages: Messages{MaxMessage: 8}})
	if !r.HasKeys() {
		t.Error("pushed messages may have keys")
	}
	if err := r.Push([]hub.Input{{Key: "k", Payload: []byte("one")}, {Payload: []byte("\xff")}}); err != nil {
		t.Fatal(err)
	}
	got := r.sink.Wait(t, 2)
	if got[0].Payload != "one" || got[0].Kind != hub.Text || got[1].Kind != hub.Binary || fmt.Sprint(r.sink.Keys) != "[k ]" {
		t.Errorf("got %+v, %q", got, r.sink.Keys)
	}
	if err := r.Push(inputs("fits", "is too long")); err != ErrPushTooLarge {
		t.Errorf("got %v", err)
	}
	if err := start(t, Config{Sources: Sources{URL: "demo:"}}).Push(inputs("x")); err != ErrNoPush {
		t.Errorf("the demo took a message: %v", err)
	}
}

// TestPushIsBounded: in bytes and in number, and all or none.
func TestPushIsBounded(t *testing.T) {
	d := &pushDriver{max: 10, room: 20 + 3*pushCost, queue: make(chan []hub.Input, 2)}
	for i, step := range []struct {
		messages []hub.Input
		want     error
	}{
		{inputs("1234567890", "12345"), nil},
		{inputs("123456"), ErrPushFull},
		{inputs("", ""), ErrPushFull},
		{inputs("12345"), nil},
		{inputs("1234567890", "1234567890", "1"), ErrPushTooLarge},
		{inputs("", "", "", ""), ErrPushTooLarge},
		{inputs(), ErrPushFull}, // in number
	} {
		if err := d.Push(step.messages); err != step.want {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
	s := feedtest.Open(t, d)
	for range 3 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.queued.Load(); n != 0 {
		t.Errorf("%d bytes are counted in an empty queue", n)
	}
}

// TestPushOutlivesConnection: a rule ends it within a batch.
func TestPushOutlivesConnection(t *testing.T) {
	r := start(t, Config{Sources: Sources{URL: "push:"}, Messages: Messages{MaxMessage: 8, Rules: func() ([]stage.Rule, error) {
		return stage.ParseRules([]byte(`[{"match":"^bye","do":"reconnect"}]`))
	}}})
	if err := r.Push(inputs("bye", "one", "two")); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.sink.Wait(t, 2)[0].Payload); got != "one" {
		t.Errorf("got %s", got)
	}
	r.stop()
	if n := r.sources[0].origin.(*pushDriver).queued.Load(); n != 0 {
		t.Errorf("%d bytes are counted in an empty queue", n)
	}
}

// TestPushTakesManyShort: as many lines as the relay lets through.
func TestPushTakesManyShort(t *testing.T) {
	d, err := newPush(driver.Options{URL: "push:", MaxMessage: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.(*pushDriver).Push(inputs(slices.Repeat([]string{"x"}, pushLines)...)); err != nil {
		t.Error(err)
	}
}

// TestPushHammer: what was taken is published once, each producer's in order.
func TestPushHammer(t *testing.T) {
	r := start(t, Config{Sources: Sources{URL: "push:"}, Messages: Messages{MaxMessage: 64}})
	const producers, each = 8, 500
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				for errors.Is(r.Push(inputs(fmt.Sprintf("%d %d", p, i))), ErrPushFull) {
				}
			}
		})
	}
	wg.Wait()
	next := map[string]int{}
	for _, m := range r.sink.Wait(t, producers*each) {
		p, i, _ := strings.Cut(m.Payload, " ")
		if i != fmt.Sprint(next[p]) {
			t.Fatalf("of producer %s came %s, want %d", p, i, next[p])
		}
		next[p]++
	}
}
