package relay

import (
	"net"

	"fantail/hub"
)

// newSocket returns the hub's side of a client's connection. A plain TCP connection is
// written by our own system calls where we have them. Any other, such as TLS, is
// written by a goroutine that owns its bytes.
func newSocket(c net.Conn, unsentLimit int) hub.Conn {
	if t, ok := c.(*net.TCPConn); ok {
		if s := newFDSocket(t, unsentLimit); s != nil {
			return s
		}
	}
	return newWriterSocket(c)
}

// closeConn closes a connection. With reset it discards what the kernel holds.
func closeConn(c net.Conn, reset bool) error {
	if t, ok := c.(*net.TCPConn); ok && reset {
		t.SetLinger(0)
	}
	return c.Close()
}
