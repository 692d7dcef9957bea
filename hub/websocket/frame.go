package websocket

import (
	"encoding/binary"
	"unicode/utf8"

	"fantail/hub"
)

// Opcodes of RFC 6455 section 5.2.
const (
	OpContinuation = 0x0
	OpText         = 0x1
	OpBinary       = 0x2
	OpClose        = 0x8
	OpPing         = 0x9
	OpPong         = 0xA
)

const (
	finBit  = 0x80
	rsv1    = 0x40 // the message is compressed: RFC 7692 section 6
	maskBit = 0x80

	// MaxControl is the longest payload of a control frame (section 5.5).
	MaxControl = 125
	// MaxReason is the longest reason of a close frame, which follows its code.
	MaxReason = MaxControl - 2
	// MaxHeader is the longest header of an unmasked frame.
	MaxHeader = 10
)

// AppendHeader appends the header of an unfragmented, unmasked frame of n bytes:
//
//	byte 0    FIN, three reserved bits, opcode
//	byte 1    mask bit (0: a server masks nothing), length, or 126 or 127
//	2 or 8    length in network order, the shortest form that holds it
func AppendHeader(dst []byte, opcode byte, n int) []byte {
	switch {
	case n <= MaxControl:
		return append(dst, finBit|opcode, byte(n))
	case n <= 0xFFFF:
		return binary.BigEndian.AppendUint16(append(dst, finBit|opcode, 126), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, finBit|opcode, 127), uint64(n))
	}
}

// FrameLen returns the length of an unmasked frame with a payload of n bytes.
func FrameLen(n int) int {
	switch {
	case n <= MaxControl:
		return 2 + n
	case n <= 0xFFFF:
		return 4 + n
	}
	return MaxHeader + n
}

// AppendCompressed appends a data frame that holds the whole message, whose
// payload is compressed by permessage-deflate (RFC 7692 section 7.2.1).
func AppendCompressed(dst []byte, kind hub.Kind, payload []byte) []byte {
	at := len(dst)
	dst = AppendMessage(dst, kind, payload)
	dst[at] |= rsv1
	return dst
}

// AppendMessage appends a data frame that holds the whole message.
func AppendMessage(dst []byte, kind hub.Kind, payload []byte) []byte {
	op := byte(OpText)
	if kind == hub.Binary {
		op = OpBinary
	}
	return append(AppendHeader(dst, op, len(payload)), payload...)
}

// AppendClose appends a close frame (section 5.5.1). A reason of more than
// MaxReason bytes is cut, at the end of a character: it has to be valid UTF-8.
func AppendClose(dst []byte, code uint16, reason string) []byte {
	reason = cutReason(reason)
	dst = AppendHeader(dst, OpClose, 2+len(reason))
	return append(binary.BigEndian.AppendUint16(dst, code), reason...)
}

func cutReason(s string) string {
	if len(s) <= MaxReason {
		return s
	}
	end := MaxReason
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// FrameCloseCode returns the code of a whole close frame that a server sends,
// and whether it has one.
func FrameCloseCode(frame []byte) (code uint16, ok bool) {
	if len(frame) < 4 || frame[0]&0xF != OpClose {
		return 0, false
	}
	return binary.BigEndian.Uint16(frame[2:]), true
}
