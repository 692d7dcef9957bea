package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/internal/retry"
	"fantail/feed/stage"
	"fantail/hub"
	"fantail/hub/websocket"
)

// parsed returns a Config.Rules of the given JSON.
func parsed(text string) func() ([]stage.Rule, error) {
	return func() ([]stage.Rule, error) { return stage.ParseRules([]byte(text)) }
}

// TestRulesHoldAConversation: a source that wants a login before a subscription,
// sends arrays, asks for answers, and asks to be left.
func TestRulesHoldAConversation(t *testing.T) {
	var n atomic.Int32
	answered := make(chan bool, 2)
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		expect := func(want string) {
			if got := feedtest.Receive(c); got != want {
				t.Errorf("the source got %q, want %q", got, want)
			}
		}
		feedtest.Write(c, hub.Text, `[{"T":"success","msg":"connected"}]`)
		expect(`{"action":"auth","key":"K","secret":"S"}`)
		feedtest.Write(c, hub.Text, `[{"T":"success","msg":"authenticated"}]`)
		expect(`{"action":"subscribe","trades":["AAPL"]}`)
		expect("second")
		feedtest.Write(c, hub.Text, `[{"T":"ack"},{"T":"t","p":1.50},{"T":"ask","id":"7"} , {"T":"t","p":2}]`)
		expect(`{"answer":"7"}`)
		answered <- true
		if n.Add(1) == 1 {
			feedtest.Write(c, hub.Text, `[{"T":"bye"},{"T":"t","p":3}]`)
		}
		feedtest.Stay(c)
	})
	r := start(t, Config{Sources: Sources{URL: u}, Messages: Messages{Split: stage.SplitArray, Rules: parsed(`[
		{"match":"\"msg\":\"connected\"","do":"reply","send":{"action":"auth","key":"K","secret":"S"}},
		{"match":"\"msg\":\"authenticated\"","do":"reply","send":[{"action":"subscribe","trades":["AAPL"]},"second"]},
		{"match":"^{\"T\":\"ack\"","do":"drop"},
		{"match":"^{\"T\":\"ask\",\"id\":\"(?P<id>[^\"]*)\"","do":"reply","send":{"answer":"${id}"},"relay":true},
		{"match":"^{\"T\":\"bye\"","do":"reconnect","relay":true}]`)}})
	r.sink.Wait(t, 7)
	<-answered
	<-answered
	r.stop()
	first := []string{`{"T":"t","p":1.50}`, `{"T":"ask","id":"7"}`, `{"T":"t","p":2}`}
	want := append(append(slices.Clone(first), `{"T":"bye"}`), first...)
	if got := r.sink.Payloads(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	st := r.Stats()
	if st.Reconnects[driver.ReasonRule] != 1 || st.Dropped[driver.DropRule] != 6 {
		t.Errorf("got %+v", st)
	}
	var matched []uint64
	for _, rule := range st.Rules {
		matched = append(matched, rule.Messages)
	}
	if !slices.Equal(matched, []uint64{2, 2, 2, 2, 1}) {
		t.Errorf("the rules matched %v", matched)
	}
	if shown := fmt.Sprint(st.Rules) + r.log.String(); strings.Contains(shown, `"S"`) || !strings.Contains(shown, `{"action":"auth","key":"***","secret":"***"}`) {
		t.Errorf("shows %s", shown)
	}
}

// TestFatalAnswerIsAnAlarm: a wrong subscription is told as an error, tried again
// only minutes later, and forgotten once the feed flows.
func TestFatalAnswerIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(n int, c *scripted) error {
			c.steps = []step{{text: `{"error":"no such key 0123456789abcdef0123456789"}`}}
			if n == 3 {
				c.steps = []step{{text: "data"}, {after: time.Minute, text: "data"}}
			}
			return nil
		}}
		r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
		r.Feed = scriptFeed(s, r.sink, zerolog.New(r.log))
		r.sources[0].driver = stage.New(s, stage.Config{Rules: parsed(`[{"match":"\"error\":","do":"fatal"}]`), Log: r.sources[0].log})
		r.run(t)
		time.Sleep(time.Minute)
		if st := r.Stats(); !st.Alarm || st.Connected || st.Reconnects[driver.ReasonFatal] != 1 {
			t.Errorf("got %+v", st)
		}
		time.Sleep(time.Hour)
		r.stop()
		for _, gap := range s.gaps() {
			if gap < stage.FatalWait {
				t.Errorf("tried again after %v", gap)
			}
		}
		if st := r.Stats(); len(s.opened) != 4 || st.Alarm || st.Messages != 2 {
			t.Errorf("%d connections, %+v", len(s.opened), st)
		}
		line := r.log.Wait(t, `"level":"error"`, "rule 1 of Config.Messages.Rules", "no such key", "***")
		if strings.Contains(line, "0123456789") {
			t.Errorf("shows a secret: %s", line)
		}
	})
}

// TestU4RepeatsAndReorders: copies are dropped where SOURCE_ID says so; the rest is
// relayed as it came, gaps and all (U4).
func TestU4RepeatsAndReorders(t *testing.T) {
	sent := []string{`{"s":1}`, `{"s":3}`, `{"s":2}`, `{"s":3}`, `{"s":9}`, `{"hb":1}`, `{"hb":1}`, `{"s":1,"x":0}`, `{"s":10}`}
	for _, tt := range []struct {
		id   string
		want []string // of two connections that both bring all
	}{
		{"", append(slices.Clone(sent), sent...)},
		{"s", []string{`{"s":1}`, `{"s":3}`, `{"s":2}`, `{"s":9}`, `{"hb":1}`, `{"hb":1}`, `{"s":10}`, `{"hb":1}`, `{"hb":1}`}},
		{"hash", sent},
	} {
		t.Run("id="+tt.id, func(t *testing.T) {
			var n atomic.Int32
			u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
				for _, m := range sent {
					feedtest.Write(c, hub.Text, m)
				}
				if n.Add(1) > 1 {
					feedtest.Write(c, hub.Text, "end")
					feedtest.Stay(c)
				}
			})
			r := start(t, Config{Sources: Sources{URL: u}, Messages: Messages{ID: tt.id}})
			want := append(slices.Clone(tt.want), "end")
			r.sink.Wait(t, len(want))
			r.stop()
			if got := r.sink.Payloads(); !slices.Equal(got, want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
			if st := r.Stats(); int(st.Dropped[driver.DropCopy]) != 2*len(sent)+1-len(want) {
				t.Errorf("dropped %v", st.Dropped)
			}
		})
	}
}

// TestWSTextPing: the source's own ping, beside WebSocket's, which is off.
func TestWSTextPing(t *testing.T) {
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		for range 3 {
			feedtest.Write(c, hub.Text, feedtest.Receive(c))
		}
		feedtest.Stay(c)
	})
	r := start(t, Config{Sources: Sources{URL: u}, Dialling: Dialling{Ping: driver.NoPing}, Sending: Sending{PingText: "ping", PingEvery: 20 * time.Millisecond, Frames: func() ([]string, error) { return []string{"hello"}, nil }}})
	r.sink.Wait(t, 3)
	if got := r.sink.Payloads()[:3]; !slices.Equal(got, []string{"hello", "ping", "ping"}) {
		t.Errorf("the source got %q", got)
	}
}

// TestSendRateHolds: greeting, replies and pings are spaced as the rate says,
// pongs are counted, and none of it holds up what is read.
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
		r := start(t, Config{
			Sources:  Sources{URL: "ws://source/"},
			Dialling: Dialling{Dial: p.Dial},
			Sending:  Sending{Rate: driver.Rate{Count: 25, Per: time.Second}, Frames: func() ([]string, error) { return []string{"a", "b", "c"}, nil }},
			Messages: Messages{Rules: parsed(`[{"match":"^ask","do":"reply","send":"answer","relay":true}]`)},
		})
		r.sink.Wait(t, 5)
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
		r.stop()
	})
}

// TestRepliesBeyondTheRoomAreCounted: a rule that answers a flood neither waits
// nor grows.
func TestRepliesBeyondTheRoomAreCounted(t *testing.T) {
	const flood = 2 * outboxRoom
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		for range flood {
			feedtest.Write(c, hub.Text, "ask")
		}
		feedtest.Stay(c)
	})
	r := start(t, Config{Sources: Sources{URL: u}, Sending: Sending{Rate: driver.Rate{Count: 1, Per: time.Hour}}, Messages: Messages{Rules: parsed(`[{"match":"ask","do":"reply","send":"answer","relay":true}]`)}})
	r.sink.Wait(t, flood)
	if n := r.Stats().Unsent; n < flood-outboxRoom-2 || n > flood-outboxRoom {
		t.Errorf("%d replies were not sent", n)
	}
	r.log.Wait(t, "replies were not sent", "Config.Sending.Rate")
}

// TestCursorResumes: what the source kept while the connection was away comes, and
// what it repeats does not.
func TestCursorResumes(t *testing.T) {
	queries := make(chan string, 1000) // never full
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, r *http.Request) {
		queries <- r.URL.RawQuery
		from := 0
		fmt.Sscanf(r.URL.Query().Get("cursor"), "%d", &from)
		for i := from; i < from+10; i++ {
			feedtest.Write(c, hub.Text, fmt.Sprintf(`{"n":%d}`, i))
		}
	})
	r := start(t, Config{Sources: Sources{URL: u + "?x=1&cursor={cursor-2}"}, Messages: Messages{Cursor: "n", ID: "n"}})
	r.sink.Wait(t, 17)
	r.stop()
	for i, got := range r.sink.Payloads() {
		if got != fmt.Sprintf(`{"n":%d}`, i) {
			t.Fatalf("message %d is %s", i, got)
		}
	}
	if first, second := <-queries, <-queries; first != "x=1" || second != "x=1&cursor=7" {
		t.Errorf("asked for %s, then %s", first, second)
	}
}

// TestRetryAfterIsHonoured: a source that says how long it wants to be left alone
// is left alone for as long, and relays do not all come back at that moment.
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
