package hub

import (
	"encoding/binary"
	"fmt"
	"iter"
	"testing"
)

// The frames of these tests: one byte of type, four of length, the body. The
// body of a data frame is a sequence and filler that depends on it.
const (
	frameData  = 'D' // as stored with the message
	frameOther = 'O' // as encoded by a lane of its own
	framePing  = 'P'
	framePong  = 'Q'
	frameClose = 'C'

	testHeaderLen = 5
)

func testHeader(dst []byte, _ Kind, n int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, frameData), uint32(n))
}

func testFrame(kind byte, body string) []byte {
	f := testHeader(nil, Text, len(body))
	f[0] = kind
	return append(f, body...)
}

// testPayload returns a payload of size bytes, at least 8, for a sequence.
func testPayload(seq uint64, size int) []byte {
	p := binary.BigEndian.AppendUint64(make([]byte, 0, max(size, 8)), seq)
	for len(p) < size {
		p = append(p, byte(seq)+byte(len(p)))
	}
	return p
}

// testFormat is a Format of test frames without notices.
type testFormat struct {
	other bool // encode to frames of its own instead of the stored ones
	mute  bool // no close frames and no pings
}

func (l *testFormat) Encode(m *Message) []byte {
	if l.other {
		return testFrame(frameOther, string(m.Payload()))
	}
	return m.Frame()
}

func (l *testFormat) Close(why Reason, at Position) []byte {
	if l.mute {
		return nil
	}
	return testFrame(frameClose, why.String()+" "+at.String())
}

// Notice: the format has none.
func (l *testFormat) Notice(Notice) []byte { return nil }

func (l *testFormat) Ping() []byte {
	if l.mute {
		return nil
	}
	return testFrame(framePing, "")
}

// record is what a client got, frame by frame.
type record struct {
	seqs    []uint64
	control []string // type and body of each
	order   string   // the types of all frames
	closing string   // the close frame's body, empty if there was none
	cut     int      // bytes after the last whole frame

	streamed int // messages that came as frames of a stream
	window   chain
}

// decode takes a client's bytes apart and fails the test if a frame is
// corrupt, a sequence does not rise by one, or anything follows the close
// frame: I3, and I4 up to the end.
func decode(t testing.TB, raw []byte) (r record) {
	t.Helper()
	for len(raw) >= testHeaderLen {
		n := int(binary.BigEndian.Uint32(raw[1:]))
		if len(raw) < testHeaderLen+n {
			break
		}
		if r.closing != "" {
			t.Fatalf("a frame of type %q follows the close frame", raw[0])
		}
		r.frame(t, raw[0], raw[testHeaderLen:testHeaderLen+n])
		raw = raw[testHeaderLen+n:]
	}
	r.cut = len(raw)
	if r.closing != "" && r.cut > 0 {
		t.Fatalf("%d bytes follow the close frame", r.cut)
	}
	return r
}

func (r *record) frame(t testing.TB, kind byte, body []byte) {
	t.Helper()
	r.order += string(kind)
	switch kind {
	case frameStream:
		r.streamed++
		r.message(t, r.window.open(t, body))
	case frameData, frameOther:
		r.message(t, body)
	case framePing, framePong:
		r.control = append(r.control, string(kind)+string(body))
	case frameClose:
		r.closing = string(body)
	default:
		t.Fatalf("a frame of unknown type %q", kind)
	}
}

func (r *record) message(t testing.TB, body []byte) {
	t.Helper()
	seq := binary.BigEndian.Uint64(body)
	if n := len(r.seqs); n > 0 && seq != r.seqs[n-1]+1 {
		t.Fatalf("message %d follows message %d", seq, r.seqs[n-1])
	}
	if want := testPayload(seq, len(body)); string(want) != string(body) {
		t.Fatalf("message %d is corrupt", seq)
	}
	r.seqs = append(r.seqs, seq)
}

// frames takes bytes apart, up to the last whole frame.
func frames(raw []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for len(raw) >= testHeaderLen {
			n := testHeaderLen + int(binary.BigEndian.Uint32(raw[1:]))
			if len(raw) < n || !yield(raw[0], raw[testHeaderLen:n]) {
				return
			}
			raw = raw[n:]
		}
	}
}

// last returns the sequence of the last message, 0 if there was none.
func (r record) last() uint64 {
	if len(r.seqs) == 0 {
		return 0
	}
	return r.seqs[len(r.seqs)-1]
}

// mustHave fails the test unless the client got exactly messages from…to.
func (r record) mustHave(t testing.TB, from, to uint64) {
	t.Helper()
	if want := int(to + 1 - from); len(r.seqs) != want || want > 0 && (r.seqs[0] != from || r.last() != to) {
		t.Fatalf("got %s, want messages %d…%d", r, from, to)
	}
}

func (r record) String() string {
	if len(r.seqs) == 0 {
		return fmt.Sprintf("no message, frames %q", r.order)
	}
	return fmt.Sprintf("messages %d…%d, %d bytes of a cut frame, close %q", r.seqs[0], r.last(), r.cut, r.closing)
}
