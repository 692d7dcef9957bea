package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fantail/hub"
	"fantail/hub/websocket"
)

// scanned is a whole message or control frame.
type scanned struct {
	opcode  byte
	payload string
}

// scanAll puts the chunks of a stream together that comes in the given pieces.
func scanAll(pieces ...[]byte) (got []scanned, err error) {
	var s Scanner
	var message, control []byte
	for _, b := range pieces {
		for {
			c, rest, ok, err := s.Next(b)
			if err != nil {
				return got, err
			}
			if !ok {
				break
			}
			b = rest
			buf := &message
			if c.Control() {
				buf = &control
			}
			*buf = append(*buf, c.Data...)
			if c.End {
				got = append(got, scanned{c.Opcode, string(*buf)})
				*buf = (*buf)[:0]
			}
		}
	}
	return got, nil
}

// raw is a frame with its first two bytes and what follows.
func raw(first, second byte, rest ...string) []byte {
	return append([]byte{first, second}, strings.Join(rest, "")...)
}

func TestScanner(t *testing.T) {
	long, huge := strings.Repeat("a", 300), strings.Repeat("b", 70000)
	tests := []struct {
		name   string
		stream []byte
		want   []scanned
		err    string // part of the error
	}{
		{"nothing", nil, nil, ""},
		{"text", raw(0x81, 2, "hi"), []scanned{{websocket.OpText, "hi"}}, ""},
		{"empty", raw(0x82, 0), []scanned{{websocket.OpBinary, ""}}, ""},
		{"16 bit", raw(0x81, 126, "\x01\x2c", long), []scanned{{websocket.OpText, long}}, ""},
		{"64 bit", raw(0x81, 127, "\x00\x00\x00\x00\x00\x01\x11\x70", huge), []scanned{{websocket.OpText, huge}}, ""},
		{"fragments", slices.Concat(raw(0x01, 1, "a"), raw(0x00, 1, "b"), raw(0x80, 1, "c")), []scanned{{websocket.OpText, "abc"}}, ""},
		{"ping inside a message", slices.Concat(raw(0x02, 1, "a"), raw(0x89, 1, "p"), raw(0x80, 1, "b")),
			[]scanned{{websocket.OpPing, "p"}, {websocket.OpBinary, "ab"}}, ""},
		{"close", raw(0x88, 5, "\x11\x38bye"), []scanned{{websocket.OpClose, "\x11\x38bye"}}, ""},
		{"empty last fragment", slices.Concat(raw(0x01, 1, "a"), raw(0x80, 0)), []scanned{{websocket.OpText, "a"}}, ""},
		{"masked", raw(0x81, 0x82, "....hi"), nil, "masked"},
		{"compressed", raw(0xC1, 2, "hi"), nil, "reserved"},
		{"unknown opcode", raw(0x83, 0), nil, "opcode 3"},
		{"continuation of nothing", raw(0x80, 0), nil, "continuation of nothing"},
		{"message in a message", slices.Concat(raw(0x01, 1, "a"), raw(0x81, 1, "b")), nil, "inside another"},
		{"fragmented ping", raw(0x09, 0), nil, "control frame"},
		{"long ping", raw(0x89, 126, "\x00\x7e", strings.Repeat("p", 126)), nil, "control frame"},
		{"16 bits for 125", raw(0x81, 126, "\x00\x7d", strings.Repeat("a", 125)), nil, "length 125"},
		{"64 bits for 65535", raw(0x81, 127, "\x00\x00\x00\x00\x00\x00\xff\xff"), nil, "length 65535"},
		{"negative length", raw(0x81, 127, "\x80\x00\x00\x00\x00\x00\x00\x00"), nil, "length"},
	}
	for _, tt := range tests {
		for _, step := range []int{1, 2, 7, 1 << 20} {
			got, err := scanAll(slices.Collect(slices.Chunk(tt.stream, step))...)
			if tt.err == "" && err != nil || tt.err != "" && (!errors.Is(err, ErrFrame) || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("%s in steps of %d: %v, want %q", tt.name, step, err, tt.err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s in steps of %d: %.80q", tt.name, step, fmt.Sprint(got))
			}
		}
	}
}

// A frame's payload that lies in one piece is not copied and comes as one chunk.
func TestScannerAliasesItsInput(t *testing.T) {
	b := raw(0x81, 3, "abc")
	var s Scanner
	c, rest, ok, err := s.Next(b)
	if err != nil || !ok || !c.End || len(rest) != 0 || &c.Data[0] != &b[2] {
		t.Errorf("%+v, %v, %v", c, ok, err)
	}
	if n := testing.AllocsPerRun(100, func() { s.Next(b) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// The frames that the relay builds are read back, at every size.
func TestScannerReadsTheRelaysFrames(t *testing.T) {
	var stream []byte
	var want []scanned
	for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 200000} {
		p := bytes.Repeat([]byte{'x'}, n)
		stream = websocket.AppendMessage(stream, hub.Text, p)
		want = append(want, scanned{websocket.OpText, string(p)})
	}
	stream = websocket.AppendClose(stream, 4408, "slow; resume=a-1")
	want = append(want, scanned{websocket.OpClose, "\x11\x38slow; resume=a-1"})
	if got, err := scanAll(slices.Collect(slices.Chunk(stream, 1000))...); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d messages, %v", len(got), err)
	}
}

// reference reads a whole stream in the plainest way.
func reference(b []byte) (got []scanned, ok bool) {
	var message []byte
	var opcode byte
	for len(b) >= 2 {
		fin, op, n, head := b[0]&0x80 != 0, b[0]&15, uint64(b[1]&127), 2
		if b[1]&0x80 != 0 {
			return got, false // masked, with any rest of the header
		}
		if b[0]&0x70 != 0 {
			if need := map[byte]int{126: 4, 127: 10}[b[1]&127]; len(b) < need {
				return got, true // the header is not complete
			}
			return got, false
		}
		least := uint64(0)
		switch n {
		case 126:
			if len(b) < 4 {
				return got, true
			}
			n, head, least = uint64(binary.BigEndian.Uint16(b[2:])), 4, 126
		case 127:
			if len(b) < 10 {
				return got, true
			}
			n, head, least = binary.BigEndian.Uint64(b[2:]), 10, 65536
		}
		control := op >= 8
		switch {
		case n < least || n>>63 == 1, op > 10, op > 2 && op < 8,
			control && (!fin || n > 125), op == 0 && opcode == 0, (op == 1 || op == 2) && opcode != 0:
			return got, false
		}
		if op == 1 || op == 2 {
			opcode = op
		}
		if uint64(len(b)-head) < n {
			return got, true
		}
		p := b[head : head+int(n)]
		b = b[head+int(n):]
		switch {
		case control:
			got = append(got, scanned{op, string(p)})
		case fin:
			got = append(got, scanned{opcode, string(message) + string(p)})
			message, opcode = nil, 0
		default:
			message = append(message, p...)
		}
	}
	return got, true
}

// FuzzScanner holds the scanner, fed in pieces of any size, against a reader of
// the whole stream.
func FuzzScanner(f *testing.F) {
	f.Add([]byte("\x81\x02hi\x89\x00\x01\x01a\x80\x01b"), uint64(1))
	f.Add([]byte("\x81\x7e\x00\x7e"), uint64(2))
	f.Add([]byte("\x88\x02\x03\xe8\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"), uint64(3))
	f.Add([]byte("\x81\x82\x00\x00\x00\x00hi"), uint64(4))
	f.Add([]byte("\x81\xff"), uint64(5))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		want, ok := reference(stream)
		var pieces [][]byte
		for r, rest := rand.New(rand.NewPCG(seed, 0)), stream; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		got, err := scanAll(pieces...)
		if (err == nil) != ok || !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, %v; want %v, %v", stream, pieces, got, err, want, ok)
		}
	})
}
