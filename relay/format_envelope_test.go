package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
)

// lastMessage publishes one message and returns it as the ring holds it.
func lastMessage(t testing.TB, in hub.Input) *hub.Message {
	t.Helper()
	h := NewHub(hub.Config{Snapshot: hub.SnapshotSize{Keys: 1}})
	defer h.Close()
	h.Publish(in)
	for late := time.Now().Add(peertest.Patience); time.Now().Before(late); runtime.Gosched() {
		if all, _ := h.Snapshot(nil); len(all) == 1 {
			return all[0]
		}
	}
	t.Fatal("no message in the snapshot")
	return nil
}

// unwrap does what a careful client does: a string stands for its characters,
// and all else for the bytes between "data": and the last brace.
func unwrap(t *testing.T, line []byte) []byte {
	t.Helper()
	var e struct {
		Time   time.Time
		Data   json.RawMessage
		Base64 []byte
	}
	if err := json.Unmarshal(line, &e); err != nil || bytes.ContainsAny(line, "\r\n") {
		t.Fatalf("%v: %q", err, line)
	}
	if e.Time.IsZero() {
		t.Errorf("no time in %s", line)
	}
	switch {
	case e.Base64 != nil:
		return e.Base64
	case e.Data[0] == '"':
		var text string
		json.Unmarshal(e.Data, &text)
		return []byte(text)
	}
	_, data, _ := bytes.Cut(line, []byte(`Z","data":`))
	return data[:len(data)-1]
}

// TestEnvelopeIsLossless: whatever a message is, its bytes come back.
func TestEnvelopeIsLossless(t *testing.T) {
	for _, payload := range []string{
		`{"a":1}`, ` {"a": 1}\t`, `[1,2]`, `12345678901234567890.10`, `null`, `true`, `"text"`, ` "text" `, `""`, ``, ` `,
		"plain", "a\nb", "{\n}", "{\"a\":\r1}", "\u2028<&>\x00\x1f", `{"data":1}`, `"data":{`, `{"a":"\ud800"}`, "{", `{"a":1}{"b":2}`,
	} {
		for _, kind := range []hub.Kind{hub.Text, hub.Binary} {
			m := lastMessage(t, hub.Input{Kind: kind, Key: `Z","data":"k`, Payload: []byte(payload)})
			line := appendEnvelope(nil, hub.Position{Epoch: "k3v9q2mx", Seq: 1}, m)
			if got := unwrap(t, line); string(got) != payload {
				t.Errorf("%s %q came back as %q from %s", kind, payload, got, line)
			}
			if kind == hub.Binary && !bytes.Contains(line, []byte(`"base64":"`+base64.StdEncoding.EncodeToString([]byte(payload)))) {
				t.Errorf("%q is no base64 in %s", payload, line)
			}
		}
	}
}

// However deep a message nests, its envelope is one line of JSON that a parser
// with a bound of 64 reads, and the message comes back.
func TestEnvelopeOfDeepJSON(t *testing.T) {
	nested := func(depth int, open, inner, end string) string {
		return strings.Repeat(open, depth) + inner + strings.Repeat(end, depth)
	}
	for name, tt := range map[string]struct {
		payload string
		asIs    bool
	}{
		"arrays, just not too deep":  {nested(deepestJSON, "[", "", "]"), true},
		"arrays, too deep":           {nested(deepestJSON+1, "[", "", "]"), false},
		"objects, just not too deep": {nested(deepestJSON, `{"a":`, "1", "}"), true},
		"objects, too deep":          {nested(deepestJSON+1, `{"a":`, "1", "}"), false},
		"as deep as Go parses":       {nested(10_000, "[", "", "]"), false},
		"a million":                  {nested(1_000_000, "[", "", "]"), false},
		"a million, never closed":    {strings.Repeat("[", 1_000_000), false},
		"brackets in a string":       {`["` + strings.Repeat("[{", 1000) + `"]`, true},
		"behind escaped quotes":      {`["\\\"` + strings.Repeat("[", 1000) + `"]`, true},
		"behind a quote":             {`["\\",` + nested(deepestJSON, "[", "", "]") + "]", false},
		"one after the other":        {"[" + strings.TrimSuffix(strings.Repeat("[],", 1000), ",") + "]", true},
	} {
		m := lastMessage(t, hub.Input{Payload: []byte(tt.payload)})
		line := appendEnvelope(nil, hub.Position{Epoch: "k3v9q2mx", Seq: 1}, m)
		if !json.Valid(line) || string(unwrap(t, line)) != tt.payload {
			t.Errorf("%s: came back as something else", name)
		}
		if asIs := bytes.HasSuffix(line, []byte(`,"data":`+tt.payload+"}")); asIs != tt.asIs {
			t.Errorf("%s: stands there as it is: %v, want %v", name, asIs, tt.asIs)
		}
	}
}
