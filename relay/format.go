package relay

import "fantail/hub"

// format is the form of a client's messages on the wire. There are no others.
type format uint8

const (
	formatRaw      format = iota // WebSocket: the source's messages byte for byte
	formatEnvelope               // WebSocket: envelopes and notices
	formatSSE                    // Server-Sent Events, in chunks
	formatSSEWhole               // the same for HTTP/1.0, which has no chunks
	formatNDJSON                 // envelopes as lines, in chunks
	formatNDJSONWhole
	formats
)

// formatRows have the transport of each format, as metrics call it, and whether its
// clients can be told of gaps.
var formatRows = [formats]struct {
	transport string
	notices   bool
}{
	formatRaw:         {"ws", false},
	formatEnvelope:    {"ws", true},
	formatSSE:         {"sse", true},
	formatSSEWhole:    {"sse", true},
	formatNDJSON:      {"stream", true},
	formatNDJSONWhole: {"stream", true},
}

func (f format) hasNotices() bool { return formatRows[f].notices }

// encoders make the messages of each format.
type encoders struct {
	plain     [formats]hub.Format
	deflaters [formats]*deflater // nil for formats that are never compressed
}

func newEncoders(position func(seq uint64) hub.Position) *encoders {
	raw, envelope := new(rawFormat), &envelopeFormat{position}
	e := &encoders{plain: [formats]hub.Format{
		formatRaw: raw, formatEnvelope: envelope,
		formatSSE: newSSE(position, true), formatSSEWhole: newSSE(position, false),
		formatNDJSON: newNDJSON(position, true), formatNDJSONWhole: newNDJSON(position, false),
	}}
	e.deflaters[formatRaw] = newDeflater(raw, rawMessage)
	e.deflaters[formatEnvelope] = newDeflater(envelope, envelope.message)
	return e
}

// lane reserves the lane of a format and a filter in a hub, compressed as agreed. Only
// clients that get everything can share one stream.
func (e *encoders) lane(h *hub.Hub, f format, filter *hub.Filter, d deflateParams) (*hub.Lane, error) {
	switch {
	case !d.compress:
		return h.Lane(e.plain[f], filter)
	case filter != nil || d.noContext:
		return h.Lane(e.deflaters[f].alone, filter)
	}
	return h.StreamLane(e.plain[f], e.deflaters[f])
}
