package relay

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
)

// A client that another relay of the backbone has told its position gets nothing
// twice and nothing less, although this relay gets the messages a little later.
func TestResumeAheadOfTheFeed(t *testing.T) {
	r, h, addr := newTestRelay(t, hub.Config{Backbone: true}, Config{})
	h.Adopt("stream", 5)
	say := func(n uint64, text string) { h.Publish(hub.Input{Payload: []byte(text), Seq: n}) }
	say(6, "six")
	joined := make(chan *peer)
	go func() { joined <- join(t, addr, "/ws?since="+hub.EpochOf("stream")+"-9") }() // ends with the handshake
	eventually(t, "it has a seat", func() bool {
		r.seats.mu.Lock()
		defer r.seats.mu.Unlock()
		return r.seats.taken == 1
	})
	say(7, "seven")
	say(9, "nine")
	p := <-joined
	say(10, "ten")
	p.want(1, "ten")
}

// Who cannot be told whether its position is held is to come back: before the
// source was reached, and while it is away.
func TestBehindIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub.New(hub.Config{Backbone: true})
		defer h.Close()
		r, err := New(Config{Hub: h, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		check := func(when string) {
			t.Helper()
			began := time.Now()
			code, body := get(r.Handler(), "/sse?since="+hub.EpochOf("stream")+"-9")
			if took := time.Since(began); code != 503 || took != awaitTime || !strings.Contains(body, "position") {
				t.Errorf("%s: %d %q after %v", when, code, body, took)
			}
		}
		check("before the source was reached")
		h.Adopt("stream", 5)
		h.Source(false, 0)
		check("while the source is away")
		if n := r.refused[refusedBehind].Load(); n != 2 {
			t.Errorf("%d refusals counted, want 2", n)
		}
	})
}
