package relay

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
)

// patience is how long a test waits before it is given up. It bounds nothing that
// is promised.
const patience = time.Minute

// newTestRelay serves a relay on loopback and returns it with its address.
func newTestRelay(t *testing.T, hc hub.Config, rc Config) (*Relay, *hub.Hub, string) {
	t.Helper()
	hc.Header = FrameHeader
	h := hub.New(hc)
	rc.Hub, rc.Log = h, zerolog.Nop()
	r, err := New(rc)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(r.Handler())
	t.Cleanup(func() {
		srv.Close()
		h.Close()
	})
	return r, h, srv.Listener.Addr().String()
}

// peer is a WebSocket client of the test's own, byte by byte, so that it can
// misbehave and that nothing of the library under test judges itself.
type peer struct {
	t      testing.TB
	conn   net.Conn
	r      *bufio.Reader
	status int
	header http.Header
	body   string

	window   *window // nil: no compression was agreed on
	inflated int     // messages that came compressed
}

const handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// dial sends GET path with the given header lines and reads the answer. extra
// bytes follow the request in the same write.
func dial(t testing.TB, addr, path, lines, extra string) *peer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return upgrade(t, c, "GET "+path+" HTTP/1.1\r\nHost: "+addr+"\r\n"+lines+"\r\n"+extra)
}

func upgrade(t testing.TB, c net.Conn, request string) *peer {
	t.Helper()
	c.SetDeadline(time.Now().Add(2 * patience)) // for all that the test does with it
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, conn: c, r: bufio.NewReader(c)}
	resp, err := http.ReadResponse(p.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.status, p.header = resp.StatusCode, resp.Header
	if p.status != 101 {
		b, _ := io.ReadAll(resp.Body)
		p.body = string(b)
	}
	return p
}

// join dials and expects to be let in.
func join(t testing.TB, addr, path string) *peer {
	t.Helper()
	p := dial(t, addr, path, handshake, "")
	if p.status != 101 {
		t.Fatalf("handshake: %d %s", p.status, p.body)
	}
	return p
}

// frame reads one frame of the server's and checks what every server's frame
// must obey.
func (p *peer) frame() (opcode byte, payload []byte, err error) {
	var h [10]byte
	if _, err := io.ReadFull(p.r, h[:2]); err != nil {
		return 0, nil, err
	}
	n := uint64(h[1] & 0x7F)
	switch {
	case h[0]&0x80 == 0 || h[0]&0x70 != 0 && !p.inflating(h[0]) || h[1]&0x80 != 0:
		p.t.Errorf("frame header % x: fragmented, reserved bits or masked", h[:2])
	case n == 126:
		_, err = io.ReadFull(p.r, h[2:4])
		n = uint64(binary.BigEndian.Uint16(h[2:]))
	case n == 127:
		_, err = io.ReadFull(p.r, h[2:10])
		n = binary.BigEndian.Uint64(h[2:])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	if _, err = io.ReadFull(p.r, payload); err == nil && p.inflating(h[0]) {
		p.inflated++
		payload, err = p.window.inflate(payload)
	}
	return h[0] & 0xF, payload, err
}

// want reads the next frame and compares it.
func (p *peer) want(opcode byte, payload string) {
	p.t.Helper()
	op, got, err := p.frame()
	if err != nil || op != opcode || string(got) != payload {
		p.t.Fatalf("got opcode %d %.80q (%v), want opcode %d %.80q", op, got, err, opcode, payload)
	}
}

// wantClose reads up to the close frame, skipping other frames, and then the
// end of the connection. It returns the close reason.
func (p *peer) wantClose(code uint16) string {
	p.t.Helper()
	for {
		op, got, err := p.frame()
		if err != nil {
			p.t.Fatalf("no close frame: %v", err)
		}
		if op != 8 {
			continue
		}
		if c := binary.BigEndian.Uint16(got); c != code {
			p.t.Fatalf("closed with %d %q, want %d", c, got[2:], code)
		}
		p.send(8, string(got[:2]))
		if _, err := io.ReadAll(p.r); err != nil && !strings.Contains(err.Error(), "reset") {
			p.t.Fatalf("behind the close frame: %v", err)
		}
		return string(got[2:])
	}
}

// send sends one whole masked frame.
func (p *peer) send(opcode byte, payload string) { p.raw(clientFrame(0x80|opcode, payload)) }

func (p *peer) raw(b []byte) {
	p.conn.Write(b) // an error shows in what is read next
}

// clientFrame builds a masked frame (RFC 6455 section 5.3) with any first byte.
func clientFrame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{1, 2, 3, 4}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i&3])
	}
	return b
}

// publish sends n numbered text messages of a size, from number first on.
func publish(h *hub.Hub, first, n, size int) {
	for i := first; i < first+n; i++ {
		h.Publish(hub.Input{Payload: []byte(numbered(i, size))})
	}
}

func numbered(i, size int) string {
	s := fmt.Sprintf("message %d ", i)
	return s + strings.Repeat("x", max(0, size-len(s)))
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !soon(ok) {
		t.Fatalf("%s: not within %v", what, patience)
	}
}

// soon is eventually for any goroutine: it reports whether it came about.
func soon(ok func() bool) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			return false
		}
	}
	return true
}
