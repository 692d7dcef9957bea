package examples

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"fantail/hub/peertest"
)

// Opcodes of RFC 6455 section 5.2.
const (
	opText  = 1
	opClose = 8
)

// client is a WebSocket client without a library.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

// dial performs the opening handshake.
func dial(t *testing.T, address string) *client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTimeout("tcp", u.Host, peertest.Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * peertest.Patience)) // for all that the test does with it
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", u.RequestURI(), u.Host)
	c := &client{t, conn, bufio.NewReader(conn)}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake with %s: %v, %v", address, resp, err)
	}
	return c
}

// frame reads one frame of the server's.
func (c *client) frame() (opcode byte, payload []byte) {
	c.t.Helper()
	var head [2]byte
	c.read(head[:])
	length := uint64(head[1])
	switch length {
	case 126:
		var b [2]byte
		c.read(b[:])
		length = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		c.read(b[:])
		length = binary.BigEndian.Uint64(b[:])
	}
	payload = make([]byte, length)
	c.read(payload)
	return head[0] & 0xF, payload
}

func (c *client) read(b []byte) {
	c.t.Helper()
	if _, err := io.ReadFull(c.r, b); err != nil {
		c.t.Fatal(err)
	}
}

// message reads a text message.
func (c *client) message() string {
	c.t.Helper()
	op, payload := c.frame()
	if op != opText {
		c.t.Fatalf("opcode %d with %q, want a text message", op, payload)
	}
	return string(payload)
}

// closing reads messages up to the close frame, echoes it and returns its code
// and reason.
func (c *client) closing() (code uint16, reason string) {
	c.t.Helper()
	for {
		op, payload := c.frame()
		if op != opClose {
			continue
		}
		echo := append([]byte{0x80 | opClose, 0x80 | 2, 0, 0, 0, 0}, payload[:2]...) // masked with zeros
		_, _ = c.conn.Write(echo)                                                    // the server may have hung up, as it may a second after its frame
		return binary.BigEndian.Uint16(payload), string(payload[2:])
	}
}
