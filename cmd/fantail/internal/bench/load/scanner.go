package load

import (
	"errors"
	"fmt"

	"fantail/hub/websocket"
)

// ErrFrame is the error of bytes that a server must not send.
var ErrFrame = errors.New("load: not a valid frame")

// Scanner finds the frames in the bytes of a server, which come in pieces of any size.
// It refuses masked frames (RFC 6455 section 5.1) and everything that an extension would
// add, except what Compressed allows. It holds no payload. The zero Scanner is ready. One
// goroutine at a time may use it.
type Scanner struct {
	// Compressed allows messages compressed by permessage-deflate (RFC 7692 section
	// 6). Set it before the first byte.
	Compressed bool

	left    uint64                    // payload bytes of the frame still to come
	head    [websocket.MaxHeader]byte // of a frame whose header comes in pieces
	have    int                       // bytes of head
	frame   websocket.Header          // of the frame under way
	inFrame bool
	message byte // opcode of the message under way; 0 between messages
	deflate bool // the message under way is compressed
}

// Chunk is a piece of a message or of a control frame.
type Chunk struct {
	Opcode     byte   // the message's, in its continuation frames too
	Data       []byte // part of the bytes given to Next; may be empty
	End        bool   // it completes the message or control frame
	Compressed bool   // the message is compressed
}

// Control reports whether the chunk belongs to a control frame.
func (c Chunk) Control() bool { return c.Opcode >= websocket.OpClose }

// Next returns the first chunk of b and the rest of b. It returns false if b is used up.
// After an error the Scanner must not be used.
func (s *Scanner) Next(b []byte) (c Chunk, rest []byte, ok bool, err error) {
	if !s.inFrame {
		if b, err = s.gather(b); err != nil || !s.inFrame {
			return Chunk{}, nil, false, err
		}
	}
	if len(b) == 0 && s.left > 0 {
		return Chunk{}, nil, false, nil
	}
	n := min(uint64(len(b)), s.left)
	s.left -= n
	c = Chunk{Opcode: s.opcode(), Data: b[:n]}
	c.Compressed = s.deflate && !c.Control()
	if s.left == 0 {
		c.End = s.frame.Fin()
		s.endFrame(c)
	}
	return c, b[n:], true, nil
}

// opcode returns the opcode of the message or control frame under way.
func (s *Scanner) opcode() byte {
	if s.frame.IsControl() {
		return s.frame.Opcode()
	}
	return s.message
}

func (s *Scanner) endFrame(c Chunk) {
	s.inFrame = false
	if c.End && !c.Control() {
		s.message = 0
	}
}

// gather takes header bytes off b until the header is complete.
func (s *Scanner) gather(b []byte) (rest []byte, err error) {
	if s.have == 0 {
		if h, ok := websocket.ParseHeader(b); ok { // fast path: nearly every header comes in one piece
			return b[h.Size:], s.beginFrame(h)
		}
	}
	for len(b) > 0 {
		h, ok := websocket.ParseHeader(s.head[:s.have])
		if !ok && h.Size <= len(s.head) {
			n := copy(s.head[s.have:h.Size], b)
			s.have, b = s.have+n, b[n:]
			h, ok = websocket.ParseHeader(s.head[:s.have])
		}
		if ok || h.Masked {
			s.have = 0
			return b, s.beginFrame(h)
		}
	}
	return b, nil
}

// beginFrame checks a complete header. The mask bit is enough to refuse a masked frame.
func (s *Scanner) beginFrame(h websocket.Header) error {
	starts := h.Opcode() == websocket.OpText || h.Opcode() == websocket.OpBinary
	compressed := h.Reserved() == rsv1 && starts && s.Compressed
	switch {
	case h.Masked:
		return fmt.Errorf("%w: the server masked it", ErrFrame)
	case h.Reserved() != 0 && !compressed:
		return fmt.Errorf("%w: reserved bits are set, but no extension was agreed on", ErrFrame)
	case !h.IsShortest():
		return fmt.Errorf("%w: length %d in %d bytes", ErrFrame, h.Length, h.Size)
	}
	s.frame, s.left, s.inFrame = h, h.Length, true
	if starts {
		s.deflate = compressed
	}
	return s.checkOpcode(h)
}

// rsv1 is the one reserved bit of a compressed message (RFC 7692 section 6).
const rsv1 = 0x40

// checkOpcode checks the frame against the message under way.
func (s *Scanner) checkOpcode(h websocket.Header) error {
	switch op := h.Opcode(); op {
	case websocket.OpContinuation:
		if s.message == 0 {
			return fmt.Errorf("%w: a continuation of nothing", ErrFrame)
		}
	case websocket.OpText, websocket.OpBinary:
		if s.message != 0 {
			return fmt.Errorf("%w: a message inside another", ErrFrame)
		}
		s.message = op
	case websocket.OpClose, websocket.OpPing, websocket.OpPong:
		if !h.Fin() || h.Length > websocket.MaxControl {
			return fmt.Errorf("%w: a control frame that is fragmented or too long", ErrFrame)
		}
	default:
		return fmt.Errorf("%w: opcode %d", ErrFrame, op)
	}
	return nil
}
