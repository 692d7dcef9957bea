package websocket

import (
	"bufio"
	"bytes"
	"compress/flate"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fantail/hub"
	"fantail/hub/peertest"
)

// sent is a connection whose peer has sent all it sends. It keeps what is written to it.
type sent struct {
	net.Conn
	peer    io.Reader
	ended   bool
	written bytes.Buffer
}

func (c *sent) Read(p []byte) (int, error) {
	n, err := c.peer.Read(p)
	c.ended = c.ended || err != nil
	return n, err
}

func (c *sent) Write(p []byte) (int, error) { return c.written.Write(p) }

func (c *sent) Close() error { return nil }

// hijackable lets a handshake take the connection over.
type hijackable struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// accepted is a connection with compression whose client sends frames and then ends.
func accepted(t *testing.T, frames []byte) (*Conn, *sent) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Extensions": "permessage-deflate",
	} {
		r.Header.Set(name, value)
	}
	s := &sent{peer: bytes.NewReader(frames)}
	c, err := Accept(hijackable{httptest.NewRecorder(), s}, r, AcceptOptions{Compress: true})
	if err != nil {
		t.Fatal(err)
	}
	c.SetEnded(func() bool { return s.ended })
	t.Cleanup(func() { c.CloseNow() })
	return c, s
}

// deflated returns a message's compressed payload (RFC 7692 section 7.2.1).
func deflated(message string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	io.WriteString(w, message)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// A message is read whole or with an error, wherever the connection ends.
func TestCutMessage(t *testing.T) {
	message := strings.Repeat("whole ", 50)
	for name, frame := range map[string][]byte{
		"plain":      peertest.ClientFrame(0x81, message[:100]),
		"compressed": peertest.ClientFrame(0xC1, deflated(message)),
	} {
		for cut := range len(frame) + 1 {
			c, _ := accepted(t, frame[:cut])
			_, r, err := c.Reader(t.Context())
			var got []byte
			if err == nil {
				got, err = io.ReadAll(r)
			}
			if whole := cut == len(frame); (err == nil) != whole {
				t.Errorf("%s: of %d bytes, %d read as %d, %v", name, len(frame), cut, len(got), err)
			}
		}
	}
}

// A close frame inside a compressed message is legal (RFC 6455 section 5.4). It is
// answered, and the message ends in an error.
func TestCloseInsideMessage(t *testing.T) {
	c, s := accepted(t, append(peertest.ClientFrame(0x41, deflated("begun")), peertest.ClientFrame(0x88, "\x03\xE8bye")...))
	kind, r, err := c.Reader(t.Context())
	if err != nil || kind != hub.Text {
		t.Fatal(kind, err)
	}
	if got, err := io.ReadAll(r); err == nil {
		t.Errorf("read %q without an error", got)
	}
	if got, want := s.written.String(), "\x88\x05\x03\xE8bye"; got != want {
		t.Errorf("answered %q, want %q", got, want)
	}
	if _, _, err := c.Reader(t.Context()); err == nil {
		t.Error("another message was read")
	}
}
