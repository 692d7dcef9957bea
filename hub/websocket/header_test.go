package websocket

import (
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// The example of RFC 6455 section 1.3.
func TestAcceptKey(t *testing.T) {
	if got := AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("AcceptKey: %s", got)
	}
}

// The wire is pinned: RFC 6455 section 5.2, with the examples of section 5.7.
func TestParseHeader(t *testing.T) {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, tt := range []struct {
		wire     string
		want     Header
		shortest bool
	}{
		{"8105", Header{First: 0x81, Length: 5, Size: 2}, true},
		{"818537fa213d", Header{First: 0x81, Masked: true, Mask: mask, Length: 5, Size: 6}, true},
		{"0103", Header{First: 0x01, Length: 3, Size: 2}, true},
		{"8002", Header{First: 0x80, Length: 2, Size: 2}, true},
		{"8a8537fa213d", Header{First: 0x8a, Masked: true, Mask: mask, Length: 5, Size: 6}, true},
		{"827e0100", Header{First: 0x82, Length: 256, Size: 4}, true},
		{"827f0000000000010000", Header{First: 0x82, Length: 65536, Size: 10}, true},
		{"82ff000000000001000037fa213d", Header{First: 0x82, Masked: true, Mask: mask, Length: 65536, Size: 14}, true},
		{"c17d", Header{First: 0xc1, Length: 125, Size: 2}, true},
		{"817e007d", Header{First: 0x81, Length: 125, Size: 4}, false},
		{"817e007e", Header{First: 0x81, Length: 126, Size: 4}, true},
		{"817f000000000000ffff", Header{First: 0x81, Length: 65535, Size: 10}, false},
		{"817fffffffffffffffff", Header{First: 0x81, Length: 1<<64 - 1, Size: 10}, false},
		{"81fe007d37fa213d", Header{First: 0x81, Masked: true, Mask: mask, Length: 125, Size: 8}, false},
	} {
		wire, err := hex.DecodeString(tt.wire)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := ParseHeader(append(wire, "payload"...))
		if !ok || got != tt.want || got.IsShortest() != tt.shortest {
			t.Errorf("%s: %+v, %v, shortest %v", tt.wire, got, ok, got.IsShortest())
		}
		for n := range wire {
			if cut, ok := ParseHeader(wire[:n]); ok || cut.Size <= n || cut.Size > tt.want.Size {
				t.Errorf("%s, %d bytes of it: %v, wants %d bytes", tt.wire, n, ok, cut.Size)
			}
			if _, err := ReadHeader(bytes.NewReader(wire[:n])); n == 0 && err != io.EOF || n > 0 && err != io.ErrUnexpectedEOF {
				t.Errorf("%s, %d bytes of it, read: %v", tt.wire, n, err)
			}
		}
		rest := strings.NewReader(string(wire) + "payload")
		if got, err := ReadHeader(iotest.OneByteReader(rest)); err != nil || got != tt.want || rest.Len() != len("payload") {
			t.Errorf("%s, read: %+v, %v, %d bytes left", tt.wire, got, err, rest.Len())
		}
	}
}

func TestHeaderBits(t *testing.T) {
	for first, want := range map[byte]struct {
		fin, rsv1, control bool
		reserved, opcode   byte
	}{
		0x81: {fin: true, opcode: OpText},
		0xC2: {fin: true, rsv1: true, reserved: 0x40, opcode: OpBinary},
		0x30: {reserved: 0x30, opcode: OpContinuation},
		0x89: {fin: true, control: true, opcode: OpPing},
		0x0F: {control: true, opcode: 0xF},
	} {
		h := Header{First: first}
		if h.Fin() != want.fin || h.RSV1() != want.rsv1 || h.IsControl() != want.control || h.Reserved() != want.reserved || h.Opcode() != want.opcode {
			t.Errorf("%#x: fin %v, rsv1 %v, control %v, reserved %#x, opcode %#x", first, h.Fin(), h.RSV1(), h.IsControl(), h.Reserved(), h.Opcode())
		}
	}
}

// The masked Hello of RFC 6455 section 5.7.
func TestAppendMasked(t *testing.T) {
	got := AppendMasked([]byte("x"), 0x81, [4]byte{0x37, 0xfa, 0x21, 0x3d}, []byte("Hello"))
	if want := "78818537fa213d7f9f4d5158"; hex.EncodeToString(got) != want {
		t.Errorf("%x, want %s", got, want)
	}
}

// FuzzHeader: a header of AppendMasked is parsed back, and no bytes panic.
func FuzzHeader(f *testing.F) {
	f.Add([]byte("\x81\x85\x37\xfa\x21\x3d"), byte(0x81), 5)
	f.Add([]byte{}, byte(0x89), 70_000)
	f.Fuzz(func(t *testing.T, b []byte, first byte, n int) {
		if h, ok := ParseHeader(b); ok && (h.Size > len(b) || h.First != b[0]) || !ok && h.Size <= len(b) {
			t.Errorf("% x: %+v, %v", b, h, ok)
		}
		payload := bytes.Repeat([]byte("a"), n&0x1FFFF)
		frame := AppendMasked(nil, first, [4]byte{1, 2, 3, 4}, payload)
		h, ok := ParseHeader(frame)
		if !ok || h.First != first || h.Length != uint64(len(payload)) || h.Size+len(payload) != len(frame) || !h.IsShortest() {
			t.Fatalf("first byte %#x, %d bytes: %+v, %v", first, len(payload), h, ok)
		}
		if h.Unmask(frame[h.Size:]); !bytes.Equal(frame[h.Size:], payload) {
			t.Errorf("first byte %#x, %d bytes: the payload differs", first, len(payload))
		}
	})
}
