package load

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Opcodes of RFC 6455 section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// maxControl is the longest payload of a control frame (RFC 6455 section 5.5).
const maxControl = 125

// ErrFrame is the error of bytes that are no frames of a server's.
var ErrFrame = errors.New("load: not a valid frame")

// Scanner finds the frames in a stream of bytes that come in pieces of any size,
// from a server: masked frames are refused (RFC 6455 section 5.1), and so is all
// that extensions would add, but for what Compressed allows. It holds no payload.
// The zero Scanner is ready; one goroutine at a time may use it.
type Scanner struct {
	// Compressed allows messages compressed by permessage-deflate (RFC 7692 section
	// 6). Set it before the first byte.
	Compressed bool

	left    uint64   // payload bytes of the frame still to come
	header  [10]byte // of the frame, as far as it is known
	have    uint8    // bytes of header
	inFrame bool     // the header is complete
	message byte     // opcode of the message under way; 0 between messages
	deflate bool     // the message under way is compressed
}

// Chunk is a piece of a message or of a control frame.
type Chunk struct {
	Opcode     byte   // the message's, in its continuation frames too
	Data       []byte // part of the bytes given to Next; may be empty
	End        bool   // it completes the message or control frame
	Compressed bool   // the message is compressed
}

// Control says whether the chunk belongs to a control frame.
func (c Chunk) Control() bool { return c.Opcode >= opClose }

// Next takes the first chunk off b and returns it and what is left of b. It
// returns false once b is used up. After an error the Scanner is of no more use.
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
		c.End = s.header[0]&0x80 != 0
		s.endFrame(c)
	}
	return c, b[n:], true, nil
}

// opcode returns the opcode of the message or control frame under way.
func (s *Scanner) opcode() byte {
	if op := s.header[0] & 0xF; op >= opClose {
		return op
	}
	return s.message
}

func (s *Scanner) endFrame(c Chunk) {
	s.inFrame, s.have = false, 0
	if c.End && !c.Control() {
		s.message = 0
	}
}

// gather takes header bytes off b until the header is complete.
func (s *Scanner) gather(b []byte) (rest []byte, err error) {
	for len(b) > 0 {
		n := copy(s.header[s.have:s.headerLen()], b)
		s.have += uint8(n)
		b = b[n:]
		if s.have >= 2 && s.have == s.headerLen() {
			return b, s.beginFrame()
		}
	}
	return b, nil
}

// headerLen returns how long the header is, as far as is known.
func (s *Scanner) headerLen() uint8 {
	switch {
	case s.have < 2:
		return 2
	case s.header[1]&0x7F == 126:
		return 4
	case s.header[1]&0x7F == 127:
		return 10
	}
	return 2
}

// beginFrame checks a complete header.
func (s *Scanner) beginFrame() error {
	if s.header[1]&0x80 != 0 {
		return fmt.Errorf("%w: the server masked it", ErrFrame)
	}
	rsv1 := s.header[0]&0x70 == 0x40
	starts := s.header[0]&0xF == opText || s.header[0]&0xF == opBinary
	if s.header[0]&0x70 != 0 && !(rsv1 && starts && s.Compressed) {
		return fmt.Errorf("%w: reserved bits are set, but no extension was agreed on", ErrFrame)
	}
	if err := s.readLength(); err != nil {
		return err
	}
	s.inFrame = true
	if starts {
		s.deflate = rsv1
	}
	return s.checkOpcode()
}

// readLength sets left; the shortest form is the only valid one.
func (s *Scanner) readLength() error {
	least := uint64(0)
	switch s.headerLen() {
	case 2:
		s.left = uint64(s.header[1])
	case 4:
		s.left, least = uint64(binary.BigEndian.Uint16(s.header[2:])), 126
	default:
		s.left, least = binary.BigEndian.Uint64(s.header[2:]), 1<<16
	}
	if s.left < least || s.left >= 1<<63 {
		return fmt.Errorf("%w: length %d in %d bytes", ErrFrame, s.left, s.headerLen())
	}
	return nil
}

// checkOpcode holds the frame against the message under way.
func (s *Scanner) checkOpcode() error {
	fin, op := s.header[0]&0x80 != 0, s.header[0]&0xF
	switch op {
	case opContinuation:
		if s.message == 0 {
			return fmt.Errorf("%w: a continuation of nothing", ErrFrame)
		}
	case opText, opBinary:
		if s.message != 0 {
			return fmt.Errorf("%w: a message inside another", ErrFrame)
		}
		s.message = op
	case opClose, opPing, opPong:
		if !fin || s.left > maxControl {
			return fmt.Errorf("%w: a control frame that is fragmented or too long", ErrFrame)
		}
	default:
		return fmt.Errorf("%w: opcode %d", ErrFrame, op)
	}
	return nil
}
