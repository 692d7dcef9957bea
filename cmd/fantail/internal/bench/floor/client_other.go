//go:build !linux

package floor

import (
	"net"
	"time"
)

// sendTimeout bounds a send, since no portable send never blocks.
const sendTimeout = 100 * time.Millisecond

type client struct{ conn net.Conn }

func newClient(conn net.Conn) (client, error) { return client{conn}, nil }

// send writes b and reports whether the socket took all of it in time.
func (c client) send(b []byte) bool {
	c.conn.SetWriteDeadline(time.Now().Add(sendTimeout))
	_, err := c.conn.Write(b)
	return err == nil
}
