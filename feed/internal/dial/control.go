package dial

import "encoding/binary"

// controls counts the control frames (RFC 6455 section 5.5) among the bytes that
// a client sends: pings, pongs and the close frame, which the WebSocket library
// sends by itself and a source may count like any other frame. One goroutine.
type controls struct {
	head []byte // of a frame, as far as it was seen
	body uint64 // bytes of the present frame still to come
}

// count returns how many control frames begin in p.
func (c *controls) count(p []byte) (n int) {
	for len(p) > 0 {
		if c.body > 0 {
			skip := min(c.body, uint64(len(p)))
			c.body -= skip
			p = p[skip:]
			continue
		}
		c.head, p = append(c.head, p[0]), p[1:]
		size, payload := frameHeader(c.head)
		if len(c.head) < size {
			continue
		}
		if c.head[0]&0x8 != 0 { // opcodes 8 to 15
			n++
		}
		c.head, c.body = c.head[:0], payload
	}
	return n
}

// frameHeader returns the size of the header that starts with head, as far as that
// can be told, and the payload's size once the header is complete.
func frameHeader(head []byte) (size int, payload uint64) {
	if len(head) < 2 {
		return 2, 0
	}
	size, payload = 2, uint64(head[1]&0x7F)
	switch payload {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if head[1]&0x80 != 0 { // masked, as a client's frames are
		size += 4
	}
	if len(head) < size {
		return size, 0
	}
	switch payload {
	case 126:
		payload = uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		payload = binary.BigEndian.Uint64(head[2:])
	}
	return size, payload
}
