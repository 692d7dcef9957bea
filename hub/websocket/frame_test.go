package websocket

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"

	"fantail/hub"
)

// The wire is pinned: RFC 6455 section 5.2.
func TestAppendHeader(t *testing.T) {
	tests := []struct {
		opcode byte
		n      int
		want   string
	}{
		{OpText, 0, "8100"},
		{OpText, 1, "8101"},
		{OpBinary, 125, "827d"},
		{OpText, 126, "817e007e"},
		{OpText, 65535, "817effff"},
		{OpBinary, 65536, "827f0000000000010000"},
		{OpText, 1<<32 + 1, "817f0000000100000001"},
		{OpClose, 2, "8802"},
		{OpPing, 0, "8900"},
		{OpPong, 125, "8a7d"},
	}
	for _, tt := range tests {
		got := AppendHeader([]byte("x"), tt.opcode, tt.n)
		if hex.EncodeToString(got[1:]) != tt.want || got[0] != 'x' {
			t.Errorf("opcode %x, %d bytes: %x, want 78 %s", tt.opcode, tt.n, got, tt.want)
		}
		if len(got)-1 > MaxHeader {
			t.Errorf("a header of %d bytes, over MaxHeader", len(got)-1)
		}
	}
}

func TestAppendMessage(t *testing.T) {
	if got := AppendMessage([]byte("x"), hub.Text, []byte("hé")); string(got) != "x\x81\x03hé" {
		t.Errorf("text: %q", got)
	}
	if got := AppendMessage(nil, hub.Binary, []byte{0, 255}); string(got) != "\x82\x02\x00\xff" {
		t.Errorf("binary: %q", got)
	}
	if got := AppendMessage(nil, hub.Text, nil); string(got) != "\x81\x00" {
		t.Errorf("empty: %q", got)
	}
}

// A reason is at most 123 bytes and valid UTF-8, wherever the cut falls: RFC
// 6455 sections 5.5 and 5.5.1.
func TestAppendClose(t *testing.T) {
	long := strings.Repeat("a", 200)
	tests := []struct {
		name, reason, want string
	}{
		{"none", "", ""},
		{"short", "slow; resume=k3v9q2mx-1", "slow; resume=k3v9q2mx-1"},
		{"just fits", long[:123], long[:123]},
		{"one too many", long[:124], long[:123]},
		{"cut between characters", long[:121] + "éé", long[:121] + "é"},
		{"cut in a character of two bytes", long[:122] + "éé", long[:122]},
		{"cut in one of four", long[:120] + "😀😀", long[:120]},
		{"not UTF-8 at all", strings.Repeat("\x80", 200), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := AppendClose([]byte("x"), 4408, tt.reason)
			want := append([]byte{'x', 0x88, byte(2 + len(tt.want)), 4408 >> 8, 4408 & 0xFF}, tt.want...)
			if !bytes.Equal(got, want) {
				t.Errorf("%x, want %x", got, want)
			}
			if !utf8.Valid(got[5:]) {
				t.Error("the reason is not valid UTF-8")
			}
		})
	}
}

func TestFrameCloseCode(t *testing.T) {
	tests := []struct {
		name  string
		frame []byte
		code  uint16
		ok    bool
	}{
		{"with a reason", AppendClose(nil, 4408, "slow"), 4408, true},
		{"without", AppendClose(nil, 1000, ""), 1000, true},
		{"no code", []byte{0x88, 0}, 0, false},
		{"half a code", []byte{0x88, 1, 3}, 0, false},
		{"a pong", AppendHeader(nil, OpPong, 125), 0, false},
		{"a message", AppendMessage(nil, hub.Text, []byte("hello")), 0, false},
		{"nothing", nil, 0, false},
	}
	for _, tt := range tests {
		if code, ok := FrameCloseCode(tt.frame); code != tt.code || ok != tt.ok {
			t.Errorf("%s: %d, %v; want %d, %v", tt.name, code, ok, tt.code, tt.ok)
		}
	}
}

func FuzzFrameCloseCode(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{0x88, 0})
	f.Add(AppendClose(nil, 1001, "draining; resume=k3v9q2mx-48215"))
	f.Add(AppendHeader(nil, OpPing, 0))
	f.Fuzz(func(t *testing.T, frame []byte) {
		code, ok := FrameCloseCode(frame)
		if !ok && code != 0 {
			t.Errorf("code %d beside false", code)
		}
		if ok && frame[0]&0xF != OpClose {
			t.Errorf("%x is not a close frame", frame)
		}
	})
}

func FuzzAppendClose(f *testing.F) {
	f.Add(uint16(1001), "draining; resume=k3v9q2mx-48215")
	f.Add(uint16(4408), strings.Repeat("é", 100))
	f.Fuzz(func(t *testing.T, code uint16, reason string) {
		frame := AppendClose(nil, code, reason)
		if got, ok := FrameCloseCode(frame); !ok || got != code {
			t.Errorf("code %d came back as %d, %v", code, got, ok)
		}
		if len(frame) > 2+MaxControl || int(frame[1]) != len(frame)-2 || !strings.HasPrefix(reason, string(frame[4:])) {
			t.Errorf("frame %x", frame)
		}
		if utf8.ValidString(reason) && !utf8.Valid(frame[4:]) {
			t.Errorf("%q was cut inside a character", reason)
		}
	})
}
