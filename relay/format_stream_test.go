package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http/httputil"
	"strings"
	"testing"

	"fantail/hub"
)

// event is what an EventSource dispatches.
type event struct{ kind, data, id string }

// parseEvents does what the standard says (WHATWG HTML, section 9.2.6), step by
// step, and shares nothing with what wrote the stream.
func parseEvents(stream string) (events []event) {
	stream = strings.TrimPrefix(stream, "\uFEFF")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	var kind, data, id string
	lines := strings.Split(stream, "\n")
	for _, line := range lines[:len(lines)-1] { // what follows the last line's end is no line yet
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "" && data == "":
			kind = ""
		case line == "":
			if kind == "" {
				kind = "message"
			}
			events = append(events, event{kind, strings.TrimSuffix(data, "\n"), id})
			kind, data = "", ""
		case name == "event":
			kind = value
		case name == "data":
			data += value + "\n"
		case name == "id" && !strings.Contains(value, "\x00"):
			id = value
		}
	}
	return events
}

// message returns the payload that an event carries.
func (e event) message(t testing.TB) string {
	t.Helper()
	switch e.kind {
	case "message":
		return e.data
	case "base64":
		b, err := base64.StdEncoding.DecodeString(e.data)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	t.Fatalf("an event of type %q", e.kind)
	return ""
}

var awkward = []string{"", " ", "\n", "\n\n", "a\n", "\na", "a\r\nb", "\r", ":", "data: x", "id: 7\n\nevent: notice", " two  spaces ",
	"\uFEFFbom", "nul\x00", "\u2028\u2029\u0085", `{"a":1}`, `"text"`, "[1e999]", "0\r\n\r\n", "\xFF\xFE"}

// FuzzEvents: whatever a message is, text or binary, an EventSource gets one
// event with its payload and position, and is not misled about the next one.
func FuzzEvents(f *testing.F) {
	for _, s := range awkward {
		f.Add(s, false)
		f.Add(s, true)
	}
	sse := newSSE(func(seq uint64) hub.Position { return hub.Position{Epoch: "k3v9q2mx", Seq: seq} }, true)
	f.Fuzz(func(t *testing.T, payload string, binary bool) {
		m := lastMessage(t, hub.Input{Kind: kindOf(binary), Payload: []byte(payload)})
		notice := sse.Notice(hub.Notice{Kind: hub.Heartbeat, At: sse.position(2)})
		events := parseEvents(unchunk(t, sse.Encode(m), notice))
		if len(events) != 2 || events[0].message(t) != payload || events[0].id != "k3v9q2mx-1" {
			t.Fatalf("%q came as %q", payload, events)
		}
		if events[1] != (event{"notice", `{"notice":"heartbeat","pos":"k3v9q2mx-2"}`, "k3v9q2mx-2"}) {
			t.Errorf("the notice came as %q", events[1])
		}
	})
}

func kindOf(binary bool) hub.Kind {
	if binary {
		return hub.Binary
	}
	return hub.Text
}

// unchunk joins chunks as a client does that is not ours.
func unchunk(t testing.TB, frames ...[]byte) string {
	t.Helper()
	stream := append(bytes.Join(frames, nil), "0\r\n\r\n"...)
	body, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(stream)))
	if err != nil {
		t.Fatalf("%v in %q", err, stream)
	}
	return string(body)
}

// FuzzLines: whatever a message is, it is one line of JSON that gives it back.
func FuzzLines(f *testing.F) {
	for _, s := range awkward {
		f.Add(s, "key", false)
		f.Add(s, "\n\"\u2028", true)
	}
	f.Add(strings.Repeat("[", 500)+strings.Repeat("]", 500), "", false)
	lines := newNDJSON(func(seq uint64) hub.Position { return hub.Position{Epoch: "k3v9q2mx", Seq: seq} }, true)
	f.Fuzz(func(t *testing.T, payload, key string, binary bool) {
		if !binary {
			payload = strings.ToValidUTF8(payload, "?") // text is UTF-8, feed sees to that
		}
		key = strings.ToValidUTF8(key, "?")
		m := lastMessage(t, hub.Input{Kind: kindOf(binary), Key: key, Payload: []byte(payload)})
		line := unchunk(t, lines.Encode(m))
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") || strings.Contains(line, "\r") {
			t.Fatalf("%q is not one line: %q", payload, line)
		}
		var e struct{ Pos, Key string }
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Pos != "k3v9q2mx-1" || e.Key != key {
			t.Fatalf("%v: %+v of %q", err, e, line)
		}
		if got := unwrap(t, []byte(strings.TrimSuffix(line, "\n"))); string(got) != payload {
			t.Fatalf("%q came back as %q", payload, got)
		}
	})
}

// The words of the notices are a contract.
func TestNoticesOnTheWire(t *testing.T) {
	at, from := hub.Position{Epoch: "k3v9q2mx", Seq: 9}, hub.Position{Epoch: "k3v9q2mx", Seq: 4}
	for want, n := range map[string]hub.Notice{
		`{"notice":"hello","pos":"k3v9q2mx-9"}`:                                                               {Kind: hub.Hello, At: at},
		`{"notice":"gap","pos":"k3v9q2mx-9","from":"k3v9q2mx-4","missed":5}`:                                  {Kind: hub.Gap, At: at, From: from, Missed: 5},
		`{"notice":"gap","pos":"k3v9q2mx-9","from":"k3v9q2mx-4","missed":0,"at_least":true,"conflated":true}`: {Kind: hub.Gap, At: at, From: from, AtLeast: true, Conflated: true},
		`{"notice":"gap","pos":"k3v9q2mx-9"}`:                                                                 {Kind: hub.Gap, At: at, Unknown: true, From: from, Missed: 5},
		`{"notice":"source","pos":"k3v9q2mx-9","state":"down"}`:                                               {Kind: hub.SourceDown, At: at},
		`{"notice":"source","pos":"k3v9q2mx-9","state":"up","outage_seconds":1.5}`:                            {Kind: hub.SourceUp, At: at, Outage: 1_500_000_000},
		`{"notice":"heartbeat","pos":"k3v9q2mx-9"}`:                                                           {Kind: hub.Heartbeat, At: at},
	} {
		if got := string(noticeJSON(n)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for why, want := range map[hub.Reason]string{
		hub.Draining: `{"notice":"draining","pos":"k3v9q2mx-9"}`,
		hub.Slow:     `{"notice":"close","pos":"k3v9q2mx-9","reason":"slow"}`,
	} {
		if got := string(closingJSON(why, at)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
