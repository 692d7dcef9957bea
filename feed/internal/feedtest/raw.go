package feedtest

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"

	"fantail/hub/websocket"
)

// Quiet swallows what servers log about clients that the tests make fail.
var Quiet = log.New(io.Discard, "", 0)

// RawConn is a source's end of a connection, without a WebSocket library: it
// can do what a library would not.
type RawConn struct {
	net.Conn
	R *bufio.Reader
}

// ServeRaw gives each connection to play, closes it afterwards, and returns a
// URL. All connections have ended when the test has.
func ServeRaw(t *testing.T, play func(*RawConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ServeRawAt(t, l, play)
	return "ws://" + l.Addr().String() + "/"
}

// ServeRawAt is ServeRaw with a listener.
func ServeRawAt(t *testing.T, l net.Listener, play func(*RawConn)) {
	var wg sync.WaitGroup
	wg.Go(func() { // ended by the listener's Close
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { // ends with play
				defer c.Close()
				play(&RawConn{c, bufio.NewReader(c)})
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
}

// Upgrade answers the opening handshake (RFC 6455 section 4.2.2).
func (c *RawConn) Upgrade(headers string) {
	req, err := http.ReadRequest(c.R)
	if err != nil {
		return // the client gave up
	}
	io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		headers+"Sec-WebSocket-Accept: "+websocket.AcceptKey(req.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n")
}

// Swallow reads frames and answers none, until the client leaves with a close
// frame or drops the connection.
func (c *RawConn) Swallow() {
	for {
		h, err := websocket.ReadHeader(c.R)
		if err != nil || h.Opcode() == websocket.OpClose {
			return
		}
		io.CopyN(io.Discard, c.R, int64(h.Length))
	}
}

// Deaf reads bytes until the client drops the connection.
func (c *RawConn) Deaf() { io.Copy(io.Discard, c.R) }
