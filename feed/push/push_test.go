package push

import (
	"context"
	"slices"
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

// TestPushIsBounded: bytes and number are bounded, and a call takes all messages or none.
func TestPushIsBounded(t *testing.T) {
	d := &source{max: 10, room: 20 + 3*messageCost, queue: make(chan []hub.Input, 2)}
	for i, step := range []struct {
		messages []hub.Input
		want     error
	}{
		{inputs("1234567890", "12345"), nil},
		{inputs("123456"), driver.ErrPushFull},
		{inputs("", ""), driver.ErrPushFull},
		{inputs("12345"), nil},
		{inputs("1234567890", "1234567890", "1"), driver.ErrPushTooLarge},
		{inputs("", "", "", ""), driver.ErrPushTooLarge},
		{inputs(), driver.ErrPushFull}, // in number
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

// TestPushOutlivesConnection: a rule ends the connection within a batch.
func TestPushOutlivesConnection(t *testing.T) {
	d, err := New(driver.Options{URL: "push:", MaxMessage: 8})
	if err != nil {
		t.Fatal(err)
	}
	ruled := stage.New(d, stage.Config{Rules: func() ([]stage.Rule, error) {
		return stage.ParseRules([]byte(`[{"match":"^bye","do":"reconnect"}]`))
	}})
	if err := d.(*source).Push(inputs("bye", "one", "two")); err != nil {
		t.Fatal(err)
	}
	sink := feedtest.NewSink()
	_, err = feedtest.Play(t.Context(), ruled, sink)
	feedtest.WantFailure(t, err, driver.ReasonRule)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // ended by cancel
		defer close(done)
		feedtest.Play(ctx, ruled, sink)
	}()
	if got := sink.Wait(t, 2)[0].Payload; got != "one" {
		t.Errorf("got %s", got)
	}
	cancel()
	<-done
	if n := d.(*source).queued.Load(); n != 0 {
		t.Errorf("%d bytes are counted in an empty queue", n)
	}
}

// TestPushTakesManyShort: as many short messages fit as the relay lets through.
func TestPushTakesManyShort(t *testing.T) {
	d, err := New(driver.Options{URL: "push:", MaxMessage: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.(*source).Push(inputs(slices.Repeat([]string{"x"}, leastLines)...)); err != nil {
		t.Error(err)
	}
}
