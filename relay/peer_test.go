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
	"fantail/hub/peertest"
)

// newTestRelay serves a relay on loopback and returns it with its address.
func newTestRelay(t *testing.T, hc hub.Config, rc Config) (*Relay, *hub.Hub, string) {
	t.Helper()
	h := NewHub(hc)
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
	return r, h.Hub(), srv.Listener.Addr().String()
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

const handshake = peertest.Handshake

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
	c.SetDeadline(time.Now().Add(2 * peertest.Patience)) // for all that the test does with it
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
	first, payload, err := peertest.ReadFrame(p.r)
	if err != nil {
		return 0, nil, err
	}
	switch {
	case p.inflating(first):
		p.inflated++
		payload, err = p.window.inflate(payload)
	case first&0xF0 != 0x80:
		p.t.Errorf("a frame begins with %#x: fragmented, or with reserved bits", first)
	}
	return first & 0xF, payload, err
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
func (p *peer) send(opcode byte, payload string) { p.raw(peertest.ClientFrame(0x80|opcode, payload)) }

func (p *peer) raw(b []byte) {
	p.conn.Write(b) // an error shows in what is read next
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
