package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"fantail/hub"
)

// lastMessage publishes one message and returns it as the ring holds it.
func lastMessage(t *testing.T, in hub.Input) *hub.Message {
	t.Helper()
	h := hub.New(hub.Config{SnapshotKeys: 1})
	defer h.Close()
	h.Publish(in)
	for late := time.Now().Add(20 * time.Second); time.Now().Before(late); runtime.Gosched() {
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
