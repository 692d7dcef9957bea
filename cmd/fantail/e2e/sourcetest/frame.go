package sourcetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"fantail/hub/websocket"
)

// frameLimit bounds a subscriber's frame in bytes, as real servers do.
const frameLimit = 64 << 10

// frame is a subscriber's frame, unmasked.
type frame struct {
	opcode  byte
	payload []byte
}

// readFrame reads a frame of a client (RFC 6455 section 5.2). It refuses a frame that is
// not masked, not a whole message, or uses an extension, since none is agreed on.
func readFrame(r *bufio.Reader) (frame, error) {
	h, err := websocket.ReadHeader(r)
	if err != nil {
		return frame{}, err
	}
	f := frame{opcode: h.Opcode()}
	switch {
	case !h.Fin(), h.Reserved() != 0:
		return f, fmt.Errorf("a frame begins with %#x: fragmented, or with reserved bits", h.First)
	case !h.Masked:
		return f, errors.New("a frame is not masked")
	case h.Length > frameLimit:
		return f, fmt.Errorf("a frame of %d bytes", h.Length)
	}
	f.payload = make([]byte, h.Length)
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return f, err
	}
	h.Unmask(f.payload)
	return f, nil
}

// appendFrame appends a frame of the server.
func appendFrame(dst []byte, opcode byte, payload string) []byte {
	return append(websocket.AppendHeader(dst, opcode, len(payload)), payload...)
}
