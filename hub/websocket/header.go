package websocket

import (
	"encoding/binary"
	"io"
)

// Header is the header of one frame on the wire (RFC 6455 section 5.2). Whether it is
// valid depends on the sender, on the frames before it, and on the handshake. Its
// reader has to judge that.
type Header struct {
	First  byte    // FIN, three reserved bits, opcode
	Masked bool    // as the frames of a client must be, and of a server must not
	Mask   [4]byte // zero if the frame is not masked
	Length uint64  // of the payload, bytes
	Size   int     // of the header, bytes
}

// Fin reports whether the frame is the last of its message.
func (h Header) Fin() bool { return h.First&finBit != 0 }

// RSV1 reports whether the frame begins a compressed message (RFC 7692 section 6).
func (h Header) RSV1() bool { return h.First&rsv1 != 0 }

// Reserved returns the three reserved bits in their place in the first byte.
func (h Header) Reserved() byte { return h.First & 0x70 }

// Opcode returns the opcode, known or not.
func (h Header) Opcode() byte { return h.First & 0xF }

// IsControl reports whether the frame is a control frame (RFC 6455 section 5.5).
func (h Header) IsControl() bool { return h.First&0x8 != 0 }

// IsShortest reports whether the length stands in the shortest form that holds it,
// and is below 2^63, as RFC 6455 section 5.2 asks.
func (h Header) IsShortest() bool {
	switch h.Size - h.maskSize() {
	case 2:
		return true
	case 4:
		return h.Length > MaxControl
	}
	return h.Length > 0xFFFF && h.Length < 1<<63
}

func (h Header) maskSize() int {
	if h.Masked {
		return len(h.Mask)
	}
	return 0
}

// Unmask takes the mask off a frame's payload, or puts it on (RFC 6455 section
// 5.3). p begins with the payload's first byte.
func (h Header) Unmask(p []byte) {
	if !h.Masked {
		return
	}
	for i := range p {
		p[i] ^= h.Mask[i&3]
	}
}

// ParseHeader parses the header that b begins with. If b ends inside it, ok is false
// and Size is the length that is known to be needed, so that a reader can gather so
// much and ask again.
func ParseHeader(b []byte) (h Header, ok bool) {
	if h.Size = 2; len(b) < h.Size {
		return h, false
	}
	length := b[1] & 0x7F
	h.First, h.Masked, h.Length = b[0], b[1]&maskBit != 0, uint64(length)
	switch length {
	case 126:
		h.Size += 2
	case 127:
		h.Size += 8
	}
	if h.Size += h.maskSize(); len(b) < h.Size {
		return h, false
	}
	switch length {
	case 126:
		h.Length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		h.Length = binary.BigEndian.Uint64(b[2:])
	}
	if h.Masked {
		copy(h.Mask[:], b[h.Size-len(h.Mask):])
	}
	return h, true
}

// ReadHeader reads one header and nothing after it. It returns io.EOF before the first
// byte, and io.ErrUnexpectedEOF inside the header.
func ReadHeader(r io.Reader) (Header, error) {
	var b [MaxHeader + 4]byte
	for have := 0; ; {
		h, ok := ParseHeader(b[:have])
		if ok {
			return h, nil
		}
		n, err := io.ReadFull(r, b[have:h.Size])
		if err == io.EOF && have > 0 {
			err = io.ErrUnexpectedEOF
		}
		if have += n; err != nil {
			return Header{}, err
		}
	}
}

// AppendMasked appends a whole frame as a client sends it, with a mask of the
// caller's (RFC 6455 section 5.3). first is the frame's first byte.
func AppendMasked(dst []byte, first byte, mask [4]byte, payload []byte) []byte {
	at := len(dst)
	dst = AppendHeader(dst, first, len(payload))
	dst[at] = first
	dst[at+1] |= maskBit
	dst = append(dst, mask[:]...)
	body := len(dst)
	dst = append(dst, payload...)
	Header{Masked: true, Mask: mask}.Unmask(dst[body:])
	return dst
}
