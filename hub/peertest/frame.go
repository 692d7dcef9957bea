package peertest

import (
	"encoding/binary"
	"errors"
	"io"
)

// Handshake are the header lines of a WebSocket client's opening handshake, with
// the key of RFC 6455 section 1.3.
const Handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// ReadFrame reads one frame that a server sends (RFC 6455 section 5.2): its first
// byte, and its payload as it is on the wire. It shares nothing with package
// websocket, so that tests may judge that by it. The caller judges the first byte; a
// frame that is masked is an error.
func ReadFrame(r io.Reader) (first byte, payload []byte, err error) {
	first, n, err := ReadHead(r)
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r, payload)
	return first, payload, err
}

// ReadHead reads the header of a frame that a server sends: its first byte, and the
// length of the payload that follows.
func ReadHead(r io.Reader) (first byte, length uint64, err error) {
	var h [10]byte
	if _, err = io.ReadFull(r, h[:2]); err != nil {
		return 0, 0, err
	}
	length = uint64(h[1])
	switch {
	case h[1]&0x80 != 0:
		err = errors.New("peertest: the server masked a frame")
	case h[1] == 126:
		_, err = io.ReadFull(r, h[2:4])
		length = uint64(binary.BigEndian.Uint16(h[2:]))
	case h[1] == 127:
		_, err = io.ReadFull(r, h[2:10])
		length = binary.BigEndian.Uint64(h[2:])
	}
	return h[0], length, err
}

// ClientFrame returns a masked frame (RFC 6455 section 5.3) with any first byte, so
// that a peer can misbehave.
func ClientFrame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{1, 2, 3, 4}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i&3])
	}
	return b
}
