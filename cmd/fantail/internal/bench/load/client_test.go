package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

func openTally() *tally {
	var measuring atomic.Bool
	measuring.Store(true)
	return newTally(&measuring, newEndings())
}

// unmask returns opcode and payload of a client's frame of less than 126 bytes.
func unmask(t *testing.T, frame []byte) (opcode byte, payload string) {
	t.Helper()
	if len(frame) < 6 || frame[1]&0x80 == 0 || int(frame[1]&0x7F) != len(frame)-6 {
		t.Fatalf("%x is no masked frame", frame)
	}
	p := slices.Clone(frame[6:])
	for i := range p {
		p[i] ^= frame[2+i&3]
	}
	return frame[0] & 0xF, string(p)
}

func TestClientCountsAndLooks(t *testing.T) {
	c := &client{tally: openTally(), sample: &sample{timePath: "t", seqPath: "q"}}
	now := time.Now()
	var stream []byte
	for _, q := range []int{1, 2, 5, 5, 4, 6} {
		stream = websocket.AppendMessage(stream, hub.Text, fmt.Appendf(nil, `{"t":%d,"q":%d}`, now.Add(-time.Second).UnixNano(), q))
	}
	stream = websocket.AppendMessage(stream, hub.Text, fmt.Appendf(nil, `{"t":%d}`, now.Add(time.Hour).UnixNano()))
	stream = websocket.AppendMessage(stream, hub.Binary, []byte("no time"))
	for _, piece := range slices.Collect(slices.Chunk(stream, 10)) {
		if reply, err := c.take(piece); len(reply) > 0 || err != nil {
			t.Fatalf("%q, %v", reply, err)
		}
	}
	got := sum([]*tally{c.tally})
	want := totals{messages: 8, bytes: int64(len(stream)), gaps: 1, missed: 2, repeats: 2, sequenced: 6, untimed: 1, skewed: 1,
		sampled: 8, came: int64(len(stream) - 8*2), inflated: int64(len(stream) - 8*2)}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if s := spread(c.tally.latencies); s == nil || s.Count != 7 || s.P50 < 1000 || s.P50 > 60000 {
		t.Errorf("latency %+v, want 6 of a second or more, and one of 0", s)
	}
}

func TestClientOutsideTheWindow(t *testing.T) {
	c := &client{tally: openTally(), sample: &sample{timePath: "t", seqPath: "q"}}
	c.tally.measuring.Store(false)
	c.take(websocket.AppendMessage(nil, hub.Text, []byte(`{"t":1700000000,"q":1}`)))
	if s := spread(c.tally.latencies); s != nil || c.tally.messages.Load() != 1 {
		t.Errorf("%+v", s)
	}
}

func TestClientAnswers(t *testing.T) {
	c := &client{tally: openTally()}
	ping := append(websocket.AppendHeader(nil, websocket.OpPing, 3), "abc"...)
	if reply, err := c.take(ping[:3]); len(reply) > 0 || err != nil {
		t.Errorf("half a ping: %q, %v", reply, err)
	}
	reply, err := c.take(ping[3:])
	if op, p := unmask(t, reply); op != websocket.OpPong || p != "abc" || err != nil {
		t.Errorf("a ping: opcode %d, %q, %v", op, p, err)
	}
	reply, err = c.take(websocket.AppendClose(nil, 4408, "slow; resume=a-1"))
	if op, p := unmask(t, reply); op != websocket.OpClose || p != "\x11\x38" || !errors.Is(err, errClosed) {
		t.Errorf("a close: opcode %d, %q, %v", op, p, err)
	}
	c.ended(err)
	if got := c.tally.ends.list(); !slices.Equal(got, []Close{{4408, "slow", 1}}) {
		t.Errorf("%v", got)
	}
}

// A sampled message may be as long as it likes; one that is too long to be kept
// is only counted.
func TestSampleKeepsABound(t *testing.T) {
	c := &client{tally: openTally(), sample: &sample{timePath: "t"}}
	piece := bytes.Repeat([]byte{' '}, 1<<20)
	c.take(websocket.AppendHeader(nil, websocket.OpText, 2*maxSampled+2))
	for range 2 * maxSampled / len(piece) {
		c.take(piece)
		if len(c.sample.message) > maxSampled {
			t.Fatalf("%d bytes kept", len(c.sample.message))
		}
	}
	c.take([]byte("{}"))
	c.take(websocket.AppendMessage(nil, hub.Text, []byte(`{"t":1700000000}`)))
	if got := sum([]*tally{c.tally}); got.messages != 2 || got.untimed != 0 || c.tally.latencies.TotalCount() != 1 {
		t.Errorf("%+v, %d latencies", got, c.tally.latencies.TotalCount())
	}
}

func TestAppendMaskedLengths(t *testing.T) {
	for n, head := range map[int]int{0: 6, 125: 6, 126: 8, 65535: 8, 65536: 14} {
		f := appendMasked(nil, websocket.OpText, make([]byte, n))
		if len(f) != head+n || f[1]&0x80 == 0 {
			t.Errorf("%d bytes: a frame of %d", n, len(f))
		}
	}
}

func TestCloseWord(t *testing.T) {
	tests := []struct {
		payload string
		code    uint16
		word    string
	}{
		{"", 1005, ""}, {"\x03", 1005, ""}, {"\x03\xe8", 1000, ""}, {"\x11\x38slow; resume=a-1", 4408, "slow"},
		{"\x03\xe9going away", 1001, "going"}, {"\x03\xe9\x1b[2J\xff", 1001, "[2J"},
		{"\x03\xe9" + strings.Repeat("é", 40), 1001, strings.Repeat("é", maxWord)},
	}
	for _, tt := range tests {
		if code, word := closeWord([]byte(tt.payload)); code != tt.code || word != tt.word {
			t.Errorf("%q: %d %q", tt.payload, code, word)
		}
	}
}

func TestEndings(t *testing.T) {
	e := newEndings()
	for range 2 {
		e.add(ending(4408, "slow", errClosed))
	}
	e.add(ending(0, "", io.EOF))
	e.add(ending(0, "", fmt.Errorf("read: %w", syscall.ECONNRESET)))
	e.add(ending(0, "", fmt.Errorf("%w: masked", ErrFrame)))
	want := []Close{{4408, "slow", 2}, {1006, "end of stream", 1}, {1006, "invalid frame", 1}, {1006, "reset", 1}}
	if got := e.list(); !slices.Equal(got, want) || e.count() != 5 {
		t.Errorf("%v", got)
	}
	for i := range 2 * maxKinds {
		e.add(Close{Code: 4000, Word: fmt.Sprint(i)})
	}
	if len(e.list()) > maxKinds+1 || e.count() != 5+2*maxKinds {
		t.Errorf("%d kinds, %d in all", len(e.list()), e.count())
	}
}
