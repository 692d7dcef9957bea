package relay

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"fantail/hub"
)

// streamFormat is an HTTP response that does not end: Server-Sent Events, or envelopes
// as lines. For HTTP/1.1 each frame is one chunk (RFC 9112 section 7.1), so that a
// client can tell an orderly end from a cut. HTTP/1.0 has no chunks.
type streamFormat struct {
	contentType string
	chunked     bool
	position    func(seq uint64) hub.Position
	message     func(dst []byte, at hub.Position, m *hub.Message) []byte
	notice      func(dst []byte, at hub.Position, json []byte) []byte
}

func newSSE(position func(uint64) hub.Position, chunked bool) *streamFormat {
	return &streamFormat{"text/event-stream", chunked, position, appendEvent, appendNoticeEvent}
}

func newNDJSON(position func(uint64) hub.Position, chunked bool) *streamFormat {
	return &streamFormat{"application/x-ndjson", chunked, position,
		func(dst []byte, at hub.Position, m *hub.Message) []byte {
			return append(appendEnvelope(dst, at, m), '\n')
		},
		func(dst []byte, _ hub.Position, json []byte) []byte { return append(append(dst, json...), '\n') }}
}

func (f *streamFormat) Encode(m *hub.Message) []byte {
	return f.frame(f.message(nil, f.position(m.Seq()), m))
}

func (f *streamFormat) Notice(n hub.Notice) []byte {
	return f.frame(f.notice(nil, n.At, noticeJSON(n)))
}

// Close returns a last notice and, if chunked, the last chunk: an orderly end.
func (f *streamFormat) Close(why hub.Reason, at hub.Position) []byte {
	b := f.frame(f.notice(nil, at, closingJSON(why, at)))
	if f.chunked {
		b = append(b, "0\r\n\r\n"...)
	}
	return b
}

// Ping returns nil: a stream has no pings, and TCP_USER_TIMEOUT finds dead peers.
func (f *streamFormat) Ping() []byte { return nil }

// frame makes a chunk of b.
func (f *streamFormat) frame(b []byte) []byte {
	if !f.chunked {
		return b
	}
	dst := strconv.AppendInt(make([]byte, 0, len(b)+12), int64(len(b)), 16)
	dst = append(append(dst, "\r\n"...), b...)
	return append(dst, "\r\n"...)
}

// appendEvent appends a message as an event (WHATWG HTML, section 9.2.6): each line of
// the message as a data line. A message that is binary, or has a carriage return, which
// would end a line there, becomes an event of type base64.
func appendEvent(dst []byte, at hub.Position, m *hub.Message) []byte {
	p := m.Payload()
	dst = append(append(dst, "id: "...), at.String()...)
	if m.Kind() == hub.Binary || bytes.IndexByte(p, '\r') >= 0 {
		dst = append(dst, "\nevent: base64\ndata: "...)
		return append(base64.StdEncoding.AppendEncode(dst, p), "\n\n"...)
	}
	for line := range bytes.SplitSeq(p, []byte{'\n'}) {
		dst = append(append(dst, "\ndata: "...), line...)
	}
	return append(dst, "\n\n"...)
}

// appendNoticeEvent carries the position too, so that Last-Event-ID is right before the
// first message and after a gap.
func appendNoticeEvent(dst []byte, at hub.Position, json []byte) []byte {
	dst = append(append(dst, "id: "...), at.String()...)
	dst = append(append(dst, "\nevent: notice\ndata: "...), json...)
	return append(dst, "\n\n"...)
}
