package relay

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
)

// A client that another relay of the backbone has told its position gets every message
// once, although this relay gets the messages a little later.
func TestResumeAheadOfTheFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(hub.Config{Backbone: true})
		defer h.Close()
		r, err := New(Config{Hub: h, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		h.Adopt("stream", 5)
		say := func(n uint64, text string) { h.Publish(hub.Input{Payload: []byte(text), Seq: n}) }
		say(6, "six")
		ours, theirs := net.Pipe()
		defer theirs.Close()
		answer, answered := httptest.NewRecorder(), make(chan struct{})
		go func() { // ended by the handshake
			defer close(answered)
			r.Handler().ServeHTTP(takenOver{answer, ours}, upgradeRequest("/ws?since="+hub.EpochOf("stream")+"-9"))
		}()
		mustWait := func(when string) {
			t.Helper()
			time.Sleep(awaitTime / 4)
			synctest.Wait()
			select {
			case <-answered:
				t.Fatalf("%s: answered with %d", when, answer.Code)
			default:
			}
		}
		mustWait("behind six")
		say(7, "seven")
		mustWait("behind seven")
		say(9, "nine")
		if <-answered; answer.Code != http.StatusSwitchingProtocols {
			t.Fatalf("answered with %d", answer.Code)
		}
		say(10, "ten")
		(&peer{t: t, conn: theirs, r: bufio.NewReader(theirs)}).want(1, "ten")
	})
}

// A client that cannot be told whether its position is held should come back: before
// the source was reached, and while it is away.
func TestBehindIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(hub.Config{Backbone: true})
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
		if n := r.refusals[refusedBehind].Load(); n != 2 {
			t.Errorf("%d refusals counted, want 2", n)
		}
	})
}
