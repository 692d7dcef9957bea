package httpstream_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/peertest"
)

// relayHistory is the history of the relay in these tests: text, text with a CR, and binary.
func relayHistory() (all []feedtest.Message) {
	for i := range 30 {
		all = append(all, []feedtest.Message{
			{Kind: hub.Text, Payload: fmt.Sprintf(`{"n":%d}`, i)},
			{Kind: hub.Text, Payload: fmt.Sprintf("line %d\r\nand é\n", i)},
			{Kind: hub.Binary, Payload: fmt.Sprintf("\xff\x00%d", i)},
		}...)
	}
	return all
}

// TestHTTPRelay: the streams of a relay are opened, and resumed after cuts without loss or
// repeat. Its notices are told and never published.
func TestHTTPRelay(t *testing.T) {
	all := relayHistory()
	asEvent := func(i int) string {
		m := all[i]
		if m.Kind == hub.Binary || strings.Contains(m.Payload, "\r") {
			return fmt.Sprintf("id: aaaaaaaa-%d\nevent: base64\ndata: %s\n\n", i+1, base64.StdEncoding.EncodeToString([]byte(m.Payload)))
		}
		return fmt.Sprintf("id: aaaaaaaa-%d\ndata: %s\n\n", i+1, strings.ReplaceAll(m.Payload, "\n", "\ndata: "))
	}
	asLine := func(i int) string {
		m := all[i]
		if m.Kind == hub.Binary {
			return fmt.Sprintf(`{"pos":"aaaaaaaa-%d","key":"k","base64":"%s"}`+"\n", i+1, base64.StdEncoding.EncodeToString([]byte(m.Payload)))
		}
		return fmt.Sprintf(`{"pos":"aaaaaaaa-%d","key":"k","data":%q}`+"\n", i+1, m.Payload)
	}
	for _, tt := range []struct {
		kind, notice, key string
		message           func(i int) string
	}{
		{"text/event-stream", "id: %s\nevent: notice\ndata: %s\n\n", "", asEvent},
		{"application/x-ndjson", "%[2]s\n", "k", asLine},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			s := &streamer{kind: tt.kind, header: map[string]string{"Fantail-Position": "aaaaaaaa-0"}}
			s.play = func(a *answer) {
				at := "aaaaaaaa-0"
				if id := a.Request.Header.Get("Last-Event-Id"); id != "" {
					at = id
				}
				p, err := hub.ParsePosition(at)
				if err != nil {
					t.Error(err)
				}
				a.say(tt.notice, at, `{"notice":"hello","pos":"`+at+`"}`)
				for i := int(p.Seq); i < len(all); i++ {
					text := tt.message(i)
					if i == int(p.Seq)+4 && a.n < 15 {
						a.say("%s", text[:1+a.n])
						a.cut()
					}
					a.say("%s", text)
				}
				end := hub.Position{Epoch: p.Epoch, Seq: uint64(len(all))}.String()
				a.say(tt.notice, end, `{"notice":"source","pos":"`+end+`","state":"up","outage_seconds":1.5}`)
				a.stay()
			}
			var mu sync.Mutex
			var told []fantailv1.Notice
			d := driverOf(t, s.serve(t), driver.Options{Notice: func(n fantailv1.Notice) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, n)
			}})
			sink := feedtest.NewSink()
			stop := feedtest.Follow(t, d, sink)
			for i, m := range sink.Wait(t, len(all)) {
				if m.Payload != all[i].Payload || m.Kind != all[i].Kind || sink.Keys[i] != tt.key {
					t.Fatalf("message %d: %v %q, key %q", i, m.Kind, m.Payload, sink.Keys[i])
				}
			}
			up := fantailv1.Notice{Kind: "source", Up: true, Outage: 1500 * time.Millisecond}
			peertest.Eventually(t, "told that the source is back", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return slices.Contains(told, up)
			})
			if at := d.(driver.Resumer).Position(); at != fmt.Sprintf("aaaaaaaa-%d", len(all)) {
				t.Errorf("stands at %q", at)
			}
			if n := stop()[driver.ReasonLost]; n < 15 || len(told) < 16 {
				t.Errorf("%d cuts, %d notices", n, len(told))
			}
		})
	}
}

// TestHTTPRelayTooLarge: the next connection begins behind an envelope that is too large to
// be read.
func TestHTTPRelayTooLarge(t *testing.T) {
	s := &streamer{kind: "application/x-ndjson", header: map[string]string{"Fantail-Position": "aaaaaaaa-0"}, play: func(a *answer) {
		a.say("%s", `{"pos":"aaaaaaaa-7","data":"`+strings.Repeat("x", 30_000)+"\"}\n")
		a.stay()
	}}
	d := driverOf(t, s.serve(t), driver.Options{MaxMessage: 1000})
	st := feedtest.Open(t, d)
	defer st.Close()
	if ev, err := st.Next(); err != nil || ev.Drop != driver.DropTooLarge || d.(driver.Resumer).Position() != "aaaaaaaa-7" {
		t.Errorf("%v at %s", err, d.(driver.Resumer).Position())
	}
}

// TestHTTPRelaySpeaksNonsense: a line or event that a relay would never send ends the
// connection.
func TestHTTPRelaySpeaksNonsense(t *testing.T) {
	for _, tt := range []struct {
		kind, text, word string
		reason           driver.Reason
	}{
		{"text/event-stream", "event: notice\ndata: {\n\n", "a notice that cannot be read", driver.ReasonLost},
		{"text/event-stream", "event: base64\ndata: %%\n\n", "not base64", driver.ReasonLost},
		{"application/x-ndjson", "{}\n", "no envelope", driver.ReasonLost},
		{"application/x-ndjson", strings.Repeat("x", 30_000) + "\n", "1000 bytes", driver.ReasonTooLarge},
	} {
		s := &streamer{kind: tt.kind, header: map[string]string{"Fantail-Position": "aaaaaaaa-0"},
			play: func(a *answer) { a.say("%s", tt.text); a.stay() }}
		st, err := openHTTP(t, s.serve(t), driver.Options{MaxMessage: 1000})
		if err != nil {
			t.Fatal(err)
		}
		_, err = st.Next()
		feedtest.WantFailure(t, err, tt.reason, tt.word)
		st.Close()
	}
}
