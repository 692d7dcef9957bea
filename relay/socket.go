package relay

import (
	"net"

	"fantail/hub"
)

// newSocket makes the hub's view of a client's connection. A plain TCP
// connection is written by system calls of our own where we know how; every
// other, TLS above all, by a goroutine that owns its bytes.
func newSocket(c net.Conn, unsentLimit int) hub.Conn {
	if t, ok := c.(*net.TCPConn); ok {
		if s := newFDSocket(t, unsentLimit); s != nil {
			return s
		}
	}
	return newWriterSocket(c)
}

// closeConn closes a connection, throwing away what the kernel holds if reset.
func closeConn(c net.Conn, reset bool) error {
	if t, ok := c.(*net.TCPConn); ok && reset {
		t.SetLinger(0)
	}
	return c.Close()
}
