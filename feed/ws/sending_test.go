package ws_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	"fantail/feed/internal/retry"
	"fantail/feed/ws"
	"fantail/hub"
	"fantail/hub/websocket"
)

func TestWSTextPing(t *testing.T) {
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		for range 3 {
			feedtest.Write(c, hub.Text, feedtest.Receive(c))
		}
		feedtest.Stay(c)
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Dialling: feed.Dialling{Ping: driver.NoPing}, Sending: feed.Sending{PingText: "ping", PingEvery: 20 * time.Millisecond, Frames: func() ([]string, error) { return []string{"hello"}, nil }}})
	r.Sink.Wait(t, 3)
	if got := r.Sink.Payloads()[:3]; !slices.Equal(got, []string{"hello", "ping", "ping"}) {
		t.Errorf("the source got %q", got)
	}
}

// TestSendRateHolds: first frames, replies and pings are spaced as the rate says, pongs are
// counted, and reading waits for none of them.
func TestSendRateHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 40 * time.Millisecond
		times := make(chan time.Time, 100)
		p := feedtest.ServePipes(t, feedtest.Playing(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
			go func() { // ends with the connection; a pipe holds nothing until it is read
				for i := range 5 {
					feedtest.Write(c, hub.Text, fmt.Sprint("ask ", i))
				}
			}()
			for range 8 {
				feedtest.Receive(c)
				times <- time.Now()
				go c.Ping(context.Background()) // ends with the connection; its pong counts
			}
			feedtest.Stay(c)
		}))
		begin := time.Now()
		r := feedrun.Start(t, feed.Config{
			Sources:  feed.Sources{URL: "ws://source/"},
			Dialling: feed.Dialling{Dial: p.Dial},
			Sending:  feed.Sending{Rate: driver.Rate{Count: 25, Per: time.Second}, Frames: func() ([]string, error) { return []string{"a", "b", "c"}, nil }},
			Messages: feed.Messages{Rules: feedtest.Rules(`[{"match":"^ask","do":"reply","send":"answer","relay":true}]`)},
		})
		r.Sink.Wait(t, 5)
		if took := time.Since(begin); took > 3*every {
			t.Errorf("what is sent held up what is read for %v", took)
		}
		var last time.Time
		for range 8 {
			last = <-times
		}
		// 8 frames, and the pongs between them: at least one for each but the last two.
		if took := last.Sub(begin); took < (8+4)*every {
			t.Errorf("8 frames and their pongs took %v", took)
		}
		r.Stop()
	})
}

// TestRepliesBeyondTheRoomAreCounted: a rule that answers a flood neither waits nor takes
// more and more memory.
func TestRepliesBeyondTheRoomAreCounted(t *testing.T) {
	const flood = 2 * ws.OutboxRoom
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		for range flood {
			feedtest.Write(c, hub.Text, "ask")
		}
		feedtest.Stay(c)
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Sending: feed.Sending{Rate: driver.Rate{Count: 1, Per: time.Hour}}, Messages: feed.Messages{Rules: feedtest.Rules(`[{"match":"ask","do":"reply","send":"answer","relay":true}]`)}})
	r.Sink.Wait(t, flood)
	if n := r.Stats().Unsent; n < flood-ws.OutboxRoom-2 || n > flood-ws.OutboxRoom {
		t.Errorf("%d replies were not sent", n)
	}
	r.Log.Wait(t, "replies were not sent", "Config.Sending.Rate")
}

// TestRetryAfterIsHonoured: a source says how long it wants to be left alone. It is left
// alone for that time, and relays do not all come back at its end.
func TestRetryAfterIsHonoured(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer srv.Close()
	_, err := openWS(t, feedtest.WSURL(srv.URL), driver.Options{})
	failed, ok := errors.AsType[*driver.Failure](err)
	if !ok || failed.AtLeast != time.Minute {
		t.Fatalf("got %v", err)
	}
	waits := map[time.Duration]bool{}
	for range 100 {
		wait := retry.New().Next(failed.AtLeast)
		if wait < time.Minute || wait > 75*time.Second {
			t.Errorf("waits %v", wait)
		}
		waits[wait] = true
	}
	if len(waits) < 50 {
		t.Errorf("only %d different waits", len(waits))
	}
}
