package load

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// canSpread says whether the whole of 127.0.0.0/8 is at hand.
const canSpread = true

// control sets the options of a socket before it connects: the small receive
// buffer of a client that will not read, and, with a source address of its own,
// no port before the connect, so that ports are shared between addresses.
func control(stalled, spread bool) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) (err error) {
		e := c.Control(func(fd uintptr) {
			if stalled {
				err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, stalledBuffer)
			}
			if spread && err == nil {
				err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
			}
		})
		return errors.Join(e, err)
	}
}
