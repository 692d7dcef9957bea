package websocket

import (
	"fmt"
	"io"
)

// message reads one message. It makes up for three faults of the library:
//   - At the end of a compressed message the library gives its inflater back to a pool,
//     but a read after the end would still use it, together with the connection that has
//     it by then (TestRefusedCompressedMessages in relay). So the first error is the last.
//   - A compressed message that the end of the connection cuts short reads as whole
//     (TestCutMessage).
//   - A close frame inside a compressed message is answered, and then followed by a
//     panic (TestCloseInsideMessage).
type message struct {
	r     io.Reader // nil once err is set
	ended func() bool
	err   error
}

// Read implements io.Reader.
func (m *message) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.read(p)
	if err == io.EOF && m.ended != nil && m.ended() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		m.r, m.err = nil, err
	}
	return n, err
}

func (m *message) read(p []byte) (n int, err error) {
	defer recoverInto(&err)
	return m.r.Read(p)
}

// recoverInto makes an error of a panic of the library.
func recoverInto(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("websocket: the message was broken off: %v", p)
	}
}
