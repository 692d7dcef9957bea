package peertest

import (
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"testing"
)

// The wire is pinned: RFC 6455 section 5.2.
func TestReadFrame(t *testing.T) {
	for header, size := range map[string]int{
		"8100": 0, "8101": 1, "c27d": 125, "817e007e": 126, "827effff": 65535, "827f0000000000010000": 65536,
	} {
		wire, err := hex.DecodeString(header)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Repeat("x", size)
		r := strings.NewReader(string(wire) + want + "next")
		first, payload, err := ReadFrame(r)
		if err != nil || first != wire[0] || string(payload) != want || r.Len() != len("next") {
			t.Errorf("%s: %#x, %d bytes, %v; %d bytes are left", header, first, len(payload), err, r.Len())
		}
		for n := range wire {
			if _, _, err := ReadFrame(bytes.NewReader(wire[:n])); err == nil {
				t.Errorf("%s, %d bytes of it: no error", header, n)
			}
		}
	}
	if _, _, err := ReadFrame(strings.NewReader("\x81\x80....")); err == nil || err == io.EOF {
		t.Errorf("a masked frame: %v", err)
	}
}

// ClientFrame masks: RFC 6455 section 5.3.
func TestClientFrame(t *testing.T) {
	for size, header := range map[int]string{2: "8182", 125: "81fd", 126: "81fe007e", 65536: "81ff0000000000010000"} {
		wire, err := hex.DecodeString(header + "01020304")
		if err != nil {
			t.Fatal(err)
		}
		for i := range size {
			wire = append(wire, 'x'^byte(1+i%4))
		}
		if got := ClientFrame(0x81, strings.Repeat("x", size)); !bytes.Equal(got, wire) {
			t.Errorf("%d bytes: % x", size, got[:min(len(got), 20)])
		}
	}
}
