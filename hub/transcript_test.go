package hub

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// transcript tells what a client got in a line: messages as numbers, notices as
// words with their positions, an open end as the bytes of a cut frame.
func transcript(t testing.TB, raw []byte) string {
	t.Helper()
	var words []string
	for len(raw) >= testHeaderLen {
		n := testHeaderLen + int(binary.BigEndian.Uint32(raw[1:]))
		if len(raw) < n {
			break
		}
		words = append(words, transcribe(t, raw[0], raw[testHeaderLen:n]))
		raw = raw[n:]
	}
	if len(raw) > 0 {
		words = append(words, fmt.Sprintf("+%d", len(raw)))
	}
	return strings.Join(words, " ")
}

func transcribe(t testing.TB, kind byte, body []byte) string {
	switch kind {
	case frameData, frameOther:
		return fmt.Sprint(binary.BigEndian.Uint64(body))
	case frameClose:
		word, at, _ := strings.Cut(string(body), " ")
		return word + "@" + at[EpochLen+1:]
	case framePing, framePong:
		return string(kind)
	}
	var n Notice
	if err := json.Unmarshal(body, &n); err != nil {
		t.Fatalf("notice %q: %v", body, err)
	}
	if n.Kind != Gap {
		words := map[NoticeKind]string{Hello: "hello", SourceDown: "down", SourceUp: "up", Heartbeat: "beat"}
		return fmt.Sprintf("%s@%d", words[n.Kind], n.At.Seq)
	}
	if n.Unknown {
		return fmt.Sprintf("gap?@%d", n.At.Seq)
	}
	more, by := "", ""
	if n.AtLeast {
		more = "+"
	}
	if n.Conflated {
		by = "~"
	}
	return fmt.Sprintf("gap%d-%d=%d%s%s", n.From.Seq, n.At.Seq, n.Missed, more, by)
}

// mustRead fails the test unless the connection got exactly that.
func mustRead(t testing.TB, s *scriptConn, want string) {
	t.Helper()
	if got := transcript(t, s.bytes()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// tellable is a format of test frames with notices.
func tellable() *modelFormat { return &modelFormat{notices: true} }

// attend joins a client with notices, and a policy and keys of its own.
func (f *fixture) attend(conn Conn, o Options, keys ...string) *Client {
	f.t.Helper()
	o.Lane = must(f.Lane(tellable(), must(NewFilter(keys))))
	return f.joins(conn, o)
}

// attendWithSnapshot joins one that begins with the newest message of each key.
func (f *fixture) attendWithSnapshot(conn Conn, p Policy) *Client {
	f.t.Helper()
	lane := must(f.Lane(tellable(), nil))
	return f.joins(conn, Options{Lane: lane, Start: f.Newest(lane), Policy: p})
}

func (f *fixture) joins(conn Conn, o Options) *Client {
	f.t.Helper()
	c, err := f.Join(conn, o)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// sayOf publishes a message of 20 bytes for each key.
func (f *fixture) sayOf(keys ...string) {
	for _, k := range keys {
		f.Publish(Input{Key: k, Payload: testPayload(f.seq+1, 20)})
	}
}

// rounds has the pump of a still hub do all there is to do.
func (f *fixture) rounds() {
	f.t.Helper()
	for range 100 {
		f.pumps[0].round()
		if p := f.pumps[0]; len(p.next) == 0 && p.pending.Load() == 0 {
			return
		}
	}
	f.t.Error("the pump does not come to rest")
}
