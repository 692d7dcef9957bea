//go:build unix

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"

	"fantail/hub/peertest"
)

// subscriber is one client on a socket of the test's own.
type subscriber struct {
	conn     net.Conn
	r        *bufio.Reader
	position string // Fantail-Position of the handshake
}

// openSubscriber performs the opening handshake.
func openSubscriber(addr, path string, buffer int) (*subscriber, error) {
	return openSubscriberWith(addr, path, "", buffer)
}

// openSubscriberWith performs the handshake with further header lines.
func openSubscriberWith(addr, path, lines string, buffer int) (*subscriber, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", path, addr, peertest.Handshake, lines)
	s := &subscriber{conn: c, r: bufio.NewReaderSize(c, buffer)}
	resp, err := http.ReadResponse(s.r, nil)
	if err == nil && resp.StatusCode != 101 {
		err = fmt.Errorf("handshake: %s", resp.Status)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	s.position = resp.Header.Get("Fantail-Position")
	return s, nil
}

// subscribeAll makes n subscribers, closed at the end of the test.
func subscribeAll(t testing.TB, n int, addr, path string) []*subscriber {
	t.Helper()
	all := make([]*subscriber, n)
	for i := range all {
		s, err := openSubscriber(addr, path, 8<<10)
		if err != nil {
			t.Fatalf("client %d of %d: %v", i, n, err)
		}
		t.Cleanup(func() { s.conn.Close() })
		all[i] = s
	}
	return all
}

// frame reads one frame of the server's.
func (s *subscriber) frame() (opcode byte, payload []byte, err error) {
	first, payload, err := peertest.ReadFrame(s.r)
	return first & 0xF, payload, err
}

// message reads the next message, and answers the pings before it. A close frame
// is an error.
func (s *subscriber) message() (payload []byte, err error) {
	for {
		op, payload, err := s.frame()
		switch {
		case err != nil:
			return nil, err
		case op == 8:
			return nil, fmt.Errorf("closed with %q", payload)
		case op != 9:
			return payload, nil
		}
		s.answer(10, payload)
	}
}

// answer sends a frame, such as a pong or a close frame's echo.
func (s *subscriber) answer(opcode byte, payload []byte) {
	s.conn.Write(peertest.ClientFrame(0x80|opcode, string(payload)))
}

// readAll answers pings and hands every message on until the connection ends.
// It returns the close frame's payload, if there was one.
func (s *subscriber) readAll(message func(opcode byte, payload []byte)) (closing []byte, err error) {
	for {
		op, payload, err := s.frame()
		switch {
		case err != nil:
			return closing, err
		case op == 8:
			closing = payload
			s.answer(8, payload[:2])
		case op == 9:
			s.answer(10, payload)
		case message != nil:
			message(op, payload)
		}
	}
}
