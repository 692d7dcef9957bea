package sourcetest

import (
	"bufio"
	"encoding/binary"
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

// readFrame reads a frame that a client sends (RFC 6455 section 5.2), and takes
// none that breaks the rules: each must be masked, whole and without extensions,
// since none is agreed on.
func readFrame(r *bufio.Reader) (frame, error) {
	var h [2]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return frame{}, err
	}
	f := frame{opcode: h[0] & 0xF}
	switch {
	case h[0]&0xF0 != 0x80:
		return f, fmt.Errorf("a frame begins with %#x: fragmented, or with reserved bits", h[0])
	case h[1]&0x80 == 0:
		return f, errors.New("a frame is not masked")
	}
	n, err := readLength(r, h[1]&0x7F)
	if err != nil {
		return f, err
	}
	if n > frameLimit {
		return f, fmt.Errorf("a frame of %d bytes", n)
	}
	body := make([]byte, 4+n)
	if _, err := io.ReadFull(r, body); err != nil {
		return f, err
	}
	f.payload = body[4:]
	for i := range f.payload {
		f.payload[i] ^= body[i%4]
	}
	return f, nil
}

// readLength reads the rest of a length whose first byte is given.
func readLength(r io.Reader, first byte) (uint64, error) {
	var b [8]byte
	switch first {
	case 126:
		_, err := io.ReadFull(r, b[:2])
		return uint64(binary.BigEndian.Uint16(b[:])), err
	case 127:
		_, err := io.ReadFull(r, b[:])
		return binary.BigEndian.Uint64(b[:]), err
	}
	return uint64(first), nil
}

// appendFrame appends a frame of the server's.
func appendFrame(dst []byte, opcode byte, payload string) []byte {
	return append(websocket.AppendHeader(dst, opcode, len(payload)), payload...)
}
