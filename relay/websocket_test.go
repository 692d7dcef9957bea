package relay

import (
	"fmt"
	"strings"
	"testing"

	"fantail/hub"
	"fantail/hub/peertest"
)

// Every refusal is the right status and one sentence (RFC 6455 section 4.2).
func TestHandshakeRefusals(t *testing.T) {
	_, _, addr := newTestRelay(t, hub.Config{}, Config{Limits: Limits{Clients: 1}})
	replace := func(from, to string) string { return strings.Replace(handshake, from, to, 1) }
	cases := []struct {
		name, path, lines string
		status            int
		sentence          string
	}{
		{"no upgrade", "/ws", "", 426, "this path speaks WebSocket"},
		{"upgrade to something else", "/ws", replace("websocket\r\n", "h2c\r\n"), 426, "this path speaks WebSocket"},
		{"short key", "/ws", replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400, "Sec-WebSocket-Key"},
		{"no key", "/ws", strings.Split(handshake, "Sec-WebSocket-Key")[0], 400, "Sec-WebSocket-Key"},
		{"version 12", "/ws", replace("13", "12"), 400, "version"},
		{"body", "/ws", handshake + "Content-Length: 3\r\n", 400, "no body"},
		{"chunked body", "/ws", handshake + "Transfer-Encoding: chunked\r\n", 400, "no body"},
		{"foreign origin", "/ws", handshake + "Origin: https://evil.example\r\n", 403, "origin"},
		{"origin without host", "/ws", handshake + "Origin: null\r\n", 403, "origin"},
		{"unknown parameter", "/ws?sinse=x", handshake, 400, `unknown parameter "sinse"`},
		{"bad position", "/ws?since=yesterday", handshake, 400, `parameter since: not a position: "yesterday"`},
		{"long position", "/ws?since=" + strings.Repeat("a", 8000), handshake, 400, "not a position"},
		{"parameter twice", "/ws?since=a&since=b", handshake, 400, "once"},
		{"broken query", "/ws?since=%zz", handshake, 400, "query"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := dial(t, addr, c.path, c.lines, "")
			if p.status != c.status || !strings.Contains(p.body, c.sentence) || strings.Count(p.body, "\n") != 1 || len(p.body) > 300 {
				t.Errorf("got %d %q, want %d with %q", p.status, p.body, c.status, c.sentence)
			}
		})
	}
}

func TestHandshakeRefusesOtherMethods(t *testing.T) {
	r, _, addr := newTestRelay(t, hub.Config{}, Config{})
	p := dial(t, addr, "/ws", handshake, "")
	if p.status != 101 {
		t.Fatal(p.status)
	}
	c := join(t, addr, "/ws").conn
	c.Close()
	p = func() *peer {
		c := dialTCP(t, addr)
		return upgrade(t, c, "POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"+handshake+"\r\n")
	}()
	if p.status != 405 || p.header.Get("Allow") != "GET" {
		t.Errorf("POST: %d, Allow %q", p.status, p.header.Get("Allow"))
	}
	if n := r.refusals[refusedMethod].Load(); n != 1 {
		t.Errorf("counted %d refusals of the method", n)
	}
}

func TestHandshakeWhenFullOrDraining(t *testing.T) {
	r, h, addr := newTestRelay(t, hub.Config{}, Config{Limits: Limits{Clients: 1}})
	join(t, addr, "/ws")
	peertest.Eventually(t, "one client", func() bool { return h.Clients() == 1 })
	p := dial(t, addr, "/ws", handshake, "")
	if p.status != 503 || p.header.Get("Retry-After") == "" {
		t.Errorf("full: %d, Retry-After %q", p.status, p.header.Get("Retry-After"))
	}
	r.StopAccepting()
	if p := dial(t, addr, "/ws", handshake, ""); p.status != 503 || !strings.Contains(p.body, "shutting down") {
		t.Errorf("draining: %d %q", p.status, p.body)
	}
}

// A client gets the messages byte for byte, each as its kind, and the 101 tells the
// position at which it begins.
func TestRawDelivery(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{})
	publish(h, 0, 3, 20)
	for _, path := range []string{"/ws", "/"} {
		p := join(t, addr, path)
		if pos := p.header.Get("Fantail-Position"); pos != h.At(h.Live()).String() {
			t.Errorf("Fantail-Position %q, want %v", pos, h.At(h.Live()))
		}
		big := strings.Repeat("0123456789", 70_000)
		h.Publish(hub.Input{Payload: []byte("crlf\r\n")})
		h.Publish(hub.Input{Kind: hub.Binary, Payload: []byte{0, 0xFF, 0xFE}})
		h.Publish(hub.Input{Payload: nil})
		h.Publish(hub.Input{Payload: []byte(big)})
		p.want(1, "crlf\r\n")
		p.want(2, "\x00\xFF\xFE")
		p.want(1, "")
		p.want(1, big)
	}
}

// A client resumes after its position, and is told if that is gone.
func TestResume(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{Ring: hub.RingSize{Messages: 10}}, Config{})
	publish(h, 1, 25, 20)
	oldest := h.Oldest()
	if oldest.Seq != 15 {
		t.Fatalf("oldest position is %v", oldest)
	}
	p := join(t, addr, "/ws?since="+hub.Position{Epoch: oldest.Epoch, Seq: 20}.String())
	for i := 21; i <= 25; i++ {
		p.want(1, numbered(i, 20))
	}
	for name, at := range map[string]hub.Position{
		"too old":       {Epoch: oldest.Epoch, Seq: 14},
		"another epoch": {Epoch: "aaaaaaaa", Seq: 20},
		"never reached": {Epoch: oldest.Epoch, Seq: 26},
	} {
		other := join(t, addr, "/ws?since="+at.String())
		if reason := other.wantClose(4410); reason != "gone; oldest="+oldest.String() {
			t.Errorf("%s: closed with %q", name, reason)
		}
	}
	p = join(t, addr, "/ws?since="+oldest.String())
	for i := 16; i <= 25; i++ {
		p.want(1, numbered(i, 20))
	}
}

// H5: bytes that came with the handshake are handled once, by the WebSocket.
func TestH5PipelinedBytesAreFrames(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{})
	p := dial(t, addr, "/ws", handshake, string(peertest.ClientFrame(0x89, "early")))
	p.want(10, "early")
	peertest.Eventually(t, "joined", func() bool { return h.Clients() == 1 })
	h.Publish(hub.Input{Payload: []byte("hello")})
	p.want(1, "hello")
	q := dial(t, addr, "/ws", handshake, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	q.wantClose(1002) // 'G' is no frame that a client may send
}

// A slow client is evicted with the position after its last whole message, and resumes
// there without a gap (I4). Its reading is on real TCP.
func TestEvictionTellsWhereToResume(t *testing.T) {
	t.Parallel()
	_, h, addr := newTestRelay(t, hub.Config{Queue: hub.Bounds{Messages: 100}}, Config{Sockets: Sockets{UnsentLimit: 4096}})
	slow, healthy := join(t, addr, "/ws"), join(t, addr, "/ws")
	peertest.Eventually(t, "joined", func() bool { return h.Clients() == 2 })
	const size, total = 8 << 10, 600
	done := make(chan error, 1)
	go func() { // the healthy one reads all
		for i := range total {
			if _, got, err := healthy.frame(); err != nil || string(got) != numbered(i, size) {
				done <- fmt.Errorf("message %d: %.30q %v", i, got, err)
				return
			}
		}
		done <- nil
	}()
	for i := range total {
		publish(h, i, 1, size)
		if i%50 == 49 { // never ahead of the healthy one
			peertest.Eventually(t, "the healthy client keeps up", func() bool { return h.Stats().Deliveries >= uint64(i) })
		}
	}
	if err := <-done; err != nil {
		t.Error("healthy client:", err)
	}
	peertest.Eventually(t, "the slow one is evicted", func() bool { return h.Stats().Leaves[hub.Slow] == 1 })
	last := readUntilEnd(slow)
	p := join(t, addr, "/ws?since="+hub.Position{Epoch: h.Oldest().Epoch, Seq: uint64(last + 1)}.String())
	for i := last + 1; i < total; i++ {
		p.want(1, numbered(i, size))
	}
}

// readUntilEnd reads whole messages and returns the number of the last one.
func readUntilEnd(p *peer) (last int) {
	for {
		op, got, err := p.frame()
		if err != nil {
			return last
		}
		if op == 1 {
			fmt.Sscanf(string(got), "message %d ", &last)
		}
	}
}
