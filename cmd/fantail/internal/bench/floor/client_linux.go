package floor

import (
	"errors"
	"net"
	"syscall"
	"unsafe"
)

// client is one socket. Only the pump closes conn, so fd cannot be reused while the
// pump sends.
type client struct {
	conn net.Conn
	fd   uintptr
}

func newClient(conn net.Conn) (c client, err error) {
	tcp, ok := conn.(syscall.Conn)
	if !ok {
		return c, errors.New("floor: no socket")
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c, err
	}
	c.conn = conn
	return c, raw.Control(func(fd uintptr) { c.fd = fd })
}

// send is one sendto that cannot block. It reports whether the socket took all of b.
//
//go:noinline
func (c client) send(b []byte) bool {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, c.fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	return errno == 0 && int(n) == len(b)
}
