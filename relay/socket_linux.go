package relay

import (
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"fantail/hub"
)

// fdSocket writes to the bare file descriptor of a TCP connection. The hub's contract
// makes that safe: TryWrite is called under the client's lock and never after Close,
// and only the hub's Client closes the connection. So the descriptor cannot have been
// reused.
type fdSocket struct {
	fd  int
	tcp *net.TCPConn
	raw syscall.RawConn
}

func newFDSocket(t *net.TCPConn, unsentLimit int) hub.Conn {
	raw, err := t.SyscallConn()
	if err != nil {
		return nil
	}
	s := &fdSocket{tcp: t, raw: raw}
	err = raw.Control(func(fd uintptr) {
		s.fd = int(fd)
		// What a client does not take belongs in the ring, not in the kernel. An error
		// does no harm, because the send buffer is bounded anyway.
		unix.SetsockoptInt(s.fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentLimit)
	})
	if err != nil {
		return nil
	}
	return s
}

// giveUpAfter makes the kernel end a connection whose peer has acknowledged nothing for
// so long, also with a closed window (TCP_USER_TIMEOUT). Streams have no pings.
func giveUpAfter(c net.Conn, d time.Duration) {
	t, ok := c.(*net.TCPConn)
	if !ok || d <= 0 {
		return
	}
	if raw, err := t.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) {
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
		})
	}
}

// TryWrite is one sendto, which costs less than write: it takes no file-position lock.
// The raw call does not inform the scheduler; with MSG_DONTWAIT it cannot sleep.
func (s *fdSocket) TryWrite(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case syscall.EAGAIN, syscall.EINTR:
		return 0, nil
	}
	return 0, errno
}

// WaitWritable parks in the network poller. The poller forgets that it saw the socket
// ready earlier, so RawConn.Write calls try before it waits.
func (s *fdSocket) WaitWritable(try func() bool) error {
	return s.raw.Write(func(uintptr) bool { return try() })
}

func (s *fdSocket) Close(reset bool) error { return closeConn(s.tcp, reset) }
