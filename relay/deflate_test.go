package relay

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// tick is the n-th message of a feed that compresses well.
func tick(n int) string {
	return fmt.Sprintf(`{"type":"l2update","product_id":"BTC-USD","changes":[["buy","%d.%02d","0.%d"]],"n":%d}`, 60_000+n*7%900, n*37%100, n*7919%100_000, n)
}

// publishTicks publishes messages n to m-1, keyed k0 to k2.
func publishTicks(h *hub.Hub, n, m int) {
	for i := n; i < m; i++ {
		h.Publish(hub.Input{Key: fmt.Sprintf("k%d", i%3), Payload: []byte(tick(i))})
	}
}

// Each kind of client reads the same messages: on the shared stream, without
// context, filtered, plain, and as envelopes.
func TestCompressedClients(t *testing.T) {
	r, h, addr := newTestRelay(t, hub.Config{}, Config{Delivery: Delivery{Compression: true}})
	plain := join(t, addr, "/ws")
	shared := offering(t, addr, "/ws", "permessage-deflate")
	alone := offering(t, addr, "/ws", "permessage-deflate; server_no_context_takeover")
	filtered := offering(t, addr, "/ws?key=k1", "permessage-deflate")
	envelope := offering(t, addr, "/ws", "permessage-deflate\r\nSec-WebSocket-Protocol: fantail.v1")
	long := strings.Repeat(tick(0), 10) // long enough to be compressed alone
	publishTicks(h, 0, 200)
	for i := range 6 {
		h.Publish(hub.Input{Key: fmt.Sprintf("k%d", i%3), Payload: []byte(long)})
	}
	for i := range 200 {
		for _, p := range []*peer{plain, shared, alone} {
			p.want(websocket.OpText, tick(i))
		}
		if i%3 == 1 {
			filtered.want(websocket.OpText, tick(i))
		}
	}
	for _, p := range []*peer{plain, shared, alone} {
		for range 6 {
			p.want(websocket.OpText, long)
		}
	}
	filtered.want(websocket.OpText, long)
	filtered.want(websocket.OpText, long)
	for i := -1; i < 200; i++ {
		_, line, err := envelope.frame()
		if err != nil || i >= 0 && !bytes.HasSuffix(line, []byte(`,"data":`+tick(i)+"}")) {
			t.Fatalf("envelope %d: %s, %v", i, line, err)
		}
	}
	for name, got := range map[string][2]int{"plain": {plain.inflated, 0}, "shared": {shared.inflated, 206}, "alone": {alone.inflated, 6},
		"filtered": {filtered.inflated, 2}, "envelope": {envelope.inflated, 200}} {
		if got[0] != got[1] {
			t.Errorf("%s: %d messages came compressed, want %d", name, got[0], got[1])
		}
	}
	if e := &r.encoders.deflaters[formatRaw].shared; e.plain.Load() < 4*e.sent.Load() || e.nanos.Load() == 0 {
		t.Errorf("%d bytes were made %d in %d ns", e.plain.Load(), e.sent.Load(), e.nanos.Load())
	}
}

// The edges of what goes into the stream, and a binary message.
func TestCompressedEdges(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{Ring: hub.RingSize{Bytes: 64 << 20}}, Config{Delivery: Delivery{Compression: true}})
	shared := offering(t, addr, "/ws", "permessage-deflate")
	noise := make([]byte, 100_000)
	rnd := rand.NewChaCha8([32]byte{1})
	rnd.Read(noise)
	messages := []hub.Input{
		{Payload: nil}, {Payload: []byte("1234567")}, {Payload: []byte("12345678")}, {Payload: []byte("12345678")},
		{Kind: hub.Binary, Payload: noise}, {Kind: hub.Binary, Payload: noise[:300]}, {Payload: []byte(strings.Repeat(tick(1), 9000))},
		{Payload: bytes.Repeat([]byte("0123456789abcdef"), sharedMost/16)}, {Payload: bytes.Repeat([]byte("x"), sharedMost+1)}, {Payload: []byte(tick(2))},
	}
	for _, in := range messages {
		h.Publish(in)
	}
	for _, in := range messages {
		op := byte(websocket.OpText)
		if in.Kind == hub.Binary {
			op = websocket.OpBinary
		}
		shared.want(op, string(in.Payload))
	}
	if want := len(messages) - 3; shared.inflated != want {
		t.Errorf("%d came compressed, want %d", shared.inflated, want)
	}
}

// F6: a message that inflates beyond the limit ends its client with 1009, however
// it was packed, and costs no memory.
func TestF6Bomb(t *testing.T) {
	_, _, addr := newTestRelay(t, hub.Config{}, Config{Delivery: Delivery{Compression: true}, Uplink: Uplink{Mode: UplinkIgnore}})
	p := offering(t, addr, "/ws", "permessage-deflate")
	w := newFrameWriter(sharedLevel)
	frame := w.frame(hub.Text, make([]byte, 1<<30>>6)) // 16 MiB in 16 KiB, and that 64 times
	body := frame[len(frame)-(w.out.Len()-len(flushTail)):]
	head := []byte{0x40 | websocket.OpText, 0xFE, byte(len(body) >> 8), byte(len(body)), 0, 0, 0, 0}
	if len(body) > 0xFFFF {
		t.Fatalf("%d bytes", len(body))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	fragment := append(head, body...)
	go func() { // ends when the relay closes the connection
		for {
			if _, err := p.conn.Write(fragment); err != nil {
				return
			}
			fragment[0] = 0 // a continuation
			time.Sleep(time.Millisecond)
		}
	}()
	op, reason, err := p.frame()
	if err != nil || op != websocket.OpClose || !bytes.HasPrefix(reason, []byte("\x03\xF1too-large")) {
		t.Errorf("%d %q, %v; want 1009", op, reason, err)
	}
	p.conn.Close()
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 4<<20 {
		t.Errorf("%d bytes were allocated for it", after.TotalAlloc-before.TotalAlloc)
	}
}

// What a client sends compressed is read like anything else.
func TestCompressedUplink(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{Delivery: Delivery{Compression: true}, Uplink: Uplink{Mode: UplinkIgnore}})
	p := offering(t, addr, "/ws", "permessage-deflate")
	w := newFrameWriter(sharedLevel)
	for range 3 {
		w.w.Reset(&w.out)
		frame := w.frame(hub.Text, []byte("hello hello hello hello"))
		frame[1] |= 0x80
		p.conn.Write(append(append(bytes.Clone(frame[:2]), 0, 0, 0, 0), frame[2:]...))
	}
	publishTicks(h, 0, 3)
	for i := range 3 {
		p.want(websocket.OpText, tick(i))
	}
}

// What would not gain is compressed once, however many filters let it through.
func TestIncompressibleIsTriedOnce(t *testing.T) {
	r, h, addr := newTestRelay(t, hub.Config{Pumps: 1}, Config{Delivery: Delivery{Compression: true}}) // two may try at once
	var peers []*peer
	for _, filter := range []string{"?key=k", "?key=k&key=other", "?key=k&key=third"} {
		peers = append(peers, offering(t, addr, "/ws"+filter, "permessage-deflate"))
	}
	noise := make([]byte, 1000)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	h.Publish(hub.Input{Kind: hub.Binary, Key: "k", Payload: noise})
	for _, p := range peers {
		p.want(websocket.OpBinary, string(noise))
	}
	tried := websocket.FrameLen(len(noise))
	if e := &r.encoders.deflaters[formatRaw].alone.stats; e.plain.Load() != uint64(tried) {
		t.Errorf("%d bytes were compressed, want %d", e.plain.Load(), tried)
	}
}
