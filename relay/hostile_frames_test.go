package relay

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
)

// violation is a fault of a client, and what the client is told.
type violation struct {
	name   string
	send   []byte
	code   uint16
	reason hub.Reason
}

// violate has each violation committed by a client of its own beside a healthy
// one, and checks the close frame, its position, that nothing follows it
// (wantClose), and the counts.
func violate(t *testing.T, violations []violation) {
	t.Helper()
	_, h, addr := newTestRelay(t, flatHub, Config{})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	var left [hub.Reasons]uint64
	t.Run("each", func(t *testing.T) { // returns when all have ended
		for _, v := range violations {
			left[v.reason]++
			t.Run(v.name, func(t *testing.T) {
				t.Parallel() // each waits for the end of its connection
				bad := join(t, addr, "/ws")
				bad.raw(v.send)
				word, resume, _ := strings.Cut(bad.wantClose(v.code), "; resume=")
				if at, err := hub.ParsePosition(resume); word != v.reason.String() || err != nil || at.Epoch != h.Oldest().Epoch {
					t.Errorf("closed with %q; resume=%q, want %v and a position", word, resume, v.reason)
				}
			})
		}
	})
	for why, n := range left {
		peertest.Eventually(t, fmt.Sprintf("%d counted as %v", n, hub.Reason(why)), func() bool { return h.Stats().Leaves[why] == n })
	}
}

// flatHub is a hub whose ring watchHealthy fills, so that its heap is flat while
// its feed runs.
var flatHub = hub.Config{Ring: hub.RingSize{Messages: 1000}}

// frameOfLength is the beginning of a masked frame that claims a length.
func frameOfLength(first byte, length uint64) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, length), 1, 2, 3, 4)
}

// F1: a length beyond reason costs no memory: it is refused when it is read.
func TestF1LengthsBeyondReason(t *testing.T) {
	before := heap()
	violate(t, []violation{
		{"2^63", frameOfLength(0x82, 1<<63), 1002, hub.Protocol},
		{"2^64-1", frameOfLength(0x82, 1<<64-1), 1002, hub.Protocol},
		{"65 GB", frameOfLength(0x82, 65<<30), 1008, hub.Uplink},
		{"65 GB text", frameOfLength(0x81, 65<<30), 1008, hub.Uplink},
		{"65 GB ping", frameOfLength(0x89, 65<<30), 1002, hub.Protocol},
	})
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// F1, with the uplink on ignore: messages that are read and dropped are bounded too.
func TestF1LengthWhileIgnoring(t *testing.T) {
	_, h, addr := newTestRelay(t, flatHub, Config{Uplink: Uplink{Mode: UplinkIgnore}})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	before := heap()
	bad := join(t, addr, "/ws")
	defer bad.conn.Close()
	bad.raw(frameOfLength(0x82, 65<<30))
	bad.raw(make([]byte, 70<<10)) // beyond the longest message, within the budget
	bad.wantClose(1009)
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// F2: frames that RFC 6455 forbids end in 1002 (sections 5.2, 5.4, 5.5 and 7.4.1).
func TestF2BrokenFrames(t *testing.T) {
	t.Parallel()
	violate(t, []violation{
		{"control frame over 125 bytes", peertest.ClientFrame(0x89, strings.Repeat("x", 126)), 1002, hub.Protocol},
		{"fragmented ping", peertest.ClientFrame(0x09, "x"), 1002, hub.Protocol},
		{"fragmented pong", peertest.ClientFrame(0x0A, "x"), 1002, hub.Protocol},
		{"fragmented close", peertest.ClientFrame(0x08, "\x03\xE8"), 1002, hub.Protocol},
		{"RSV1", peertest.ClientFrame(0xC1, "x"), 1002, hub.Protocol},
		{"RSV2", peertest.ClientFrame(0xA1, "x"), 1002, hub.Protocol},
		{"RSV3", peertest.ClientFrame(0x91, "x"), 1002, hub.Protocol},
		{"RSV1 on a ping", peertest.ClientFrame(0xC9, "x"), 1002, hub.Protocol},
		{"opcode 3", peertest.ClientFrame(0x83, "x"), 1002, hub.Protocol},
		{"opcode 11", peertest.ClientFrame(0x8B, "x"), 1002, hub.Protocol},
		{"close of one byte", peertest.ClientFrame(0x88, "x"), 1002, hub.Protocol},
		{"close with 1005", peertest.ClientFrame(0x88, "\x03\xED"), 1002, hub.Protocol},
		{"close with 1006", peertest.ClientFrame(0x88, "\x03\xEE"), 1002, hub.Protocol},
		{"close with 999", peertest.ClientFrame(0x88, "\x03\xE7"), 1002, hub.Protocol},
		{"continuation of nothing", peertest.ClientFrame(0x80, "x"), 1002, hub.Protocol},
	})
}

// F2: a message inside a message. The first already costs the connection while
// the uplink is off, so this needs it on ignore.
func TestF2MessageInsideMessage(t *testing.T) {
	_, h, addr := newTestRelay(t, flatHub, Config{Uplink: Uplink{Mode: UplinkIgnore}})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	bad := join(t, addr, "/ws")
	defer bad.conn.Close()
	bad.raw(peertest.ClientFrame(0x01, "begun"))
	bad.raw(peertest.ClientFrame(0x81, "another"))
	bad.wantClose(1002)
}

// F3: pings from a client that does not read: no pong waits for another, the flood uses
// up its budget, and the client is closed.
func TestF3PingFlood(t *testing.T) {
	_, h, addr := newTestRelay(t, flatHub, Config{})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	before := heap()
	bad := join(t, addr, "/ws")
	defer bad.conn.Close()
	pings := bytes.Repeat(peertest.ClientFrame(0x89, strings.Repeat("p", 125)), 100)
	for range 100 { // 1.3 MB
		if _, err := bad.conn.Write(pings); err != nil {
			break
		}
	}
	peertest.Eventually(t, "sent away as a flood", func() bool { return h.Stats().Leaves[hub.Flood] == 1 })
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// F3: short pings within the bytes of the budget are a flood all the same: each
// costs a system call.
func TestF3ShortPings(t *testing.T) {
	_, h, addr := newTestRelay(t, flatHub, Config{})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	bad := join(t, addr, "/ws")
	defer bad.conn.Close()
	bad.raw(bytes.Repeat(peertest.ClientFrame(0x89, ""), 5000)) // 30 kB
	bad.wantClose(1008)
	peertest.Eventually(t, "counted", func() bool { return h.Stats().Leaves[hub.Flood] == 1 })
}

// F4: unsolicited pongs are legal (RFC 6455 section 5.5.3).
func TestF4PongsUnasked(t *testing.T) {
	_, h, addr := newTestRelay(t, flatHub, Config{})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	p := join(t, addr, "/ws")
	defer p.conn.Close()
	for range 100 {
		p.send(10, "unasked")
	}
	p.send(9, "still there?")
	p.wantAmongMessages(10, "still there?")
	p.conn.Close()
	peertest.Eventually(t, "left by itself", func() bool { return h.Stats().Leaves[hub.Left] == 1 })
}

// F5: a message of fragments that never ends, empty or of a byte each, passes
// every limit on size; the budget stops it.
func TestF5EndlessFragments(t *testing.T) {
	for name, fragment := range map[string][]byte{"empty": peertest.ClientFrame(0, ""), "one byte": peertest.ClientFrame(0, "x")} {
		t.Run(name, func(t *testing.T) {
			_, h, addr := newTestRelay(t, flatHub, Config{Uplink: Uplink{Mode: UplinkIgnore, MaxMessage: 2 << 20}})
			w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
			defer w.check()
			before := heap()
			bad := join(t, addr, "/ws")
			defer bad.conn.Close()
			bad.raw(peertest.ClientFrame(0x01, ""))
			thousand := bytes.Repeat(fragment, 1000)
			for range 1000 {
				if _, err := bad.conn.Write(thousand); err != nil {
					break
				}
			}
			bad.conn.Close()
			peertest.Eventually(t, "sent away as a flood", func() bool { return h.Stats().Leaves[hub.Flood] == 1 })
			if grown := heap() - before; grown > 1<<20 {
				t.Errorf("the heap has grown by %d bytes", grown)
			}
		})
	}
}

// F6: a compressed frame where no compression was agreed on is never inflated.
func TestF6CompressedUnasked(t *testing.T) {
	t.Parallel()
	bomb := append([]byte{0xEC, 0xC1, 0x01, 0x01}, make([]byte, 1<<10)...)
	violate(t, []violation{
		{"text", peertest.ClientFrame(0xC1, string(bomb)), 1002, hub.Protocol},
		{"binary", peertest.ClientFrame(0xC2, string(bomb)), 1002, hub.Protocol},
		{"continuation", peertest.ClientFrame(0xC0, string(bomb)), 1002, hub.Protocol},
	})
}

// F7: a client masks what it sends (RFC 6455 section 5.1).
func TestF7Unmasked(t *testing.T) {
	t.Parallel()
	violate(t, []violation{
		{"text", []byte{0x81, 1, 'x'}, 1002, hub.Protocol},
		{"ping", []byte{0x89, 0}, 1002, hub.Protocol},
		{"close", []byte{0x88, 2, 3, 0xE8}, 1002, hub.Protocol},
	})
}

// F8: a message while the uplink is off.
func TestF8MessageWithoutUplink(t *testing.T) {
	violate(t, []violation{
		{"text", peertest.ClientFrame(0x81, "x"), 1008, hub.Uplink},
		{"empty", peertest.ClientFrame(0x82, ""), 1008, hub.Uplink},
		{"fragment", peertest.ClientFrame(0x01, "x"), 1008, hub.Uplink},
		{"64 KiB", peertest.ClientFrame(0x82, strings.Repeat("x", 64<<10)), 1008, hub.Uplink},
		{"two", bytes.Repeat(peertest.ClientFrame(0x81, "x"), 2), 1008, hub.Uplink},
	})
}

// wantAmongMessages is want that lets messages pass.
func (p *peer) wantAmongMessages(opcode byte, payload string) {
	p.t.Helper()
	for {
		op, got, err := p.frame()
		if err != nil || op == opcode && string(got) != payload {
			p.t.Fatalf("got opcode %d %.80q (%v), want opcode %d %.80q", op, got, err, opcode, payload)
		}
		if op == opcode {
			return
		}
	}
}
