package feed

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/stage"
	"fantail/hub"
	"fantail/hub/websocket"
)

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
	r := start(t, Config{Sources: Sources{URL: u}, Messages: Messages{Split: stage.SplitArray, Rules: feedtest.Rules(`[
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
