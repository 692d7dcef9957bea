package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"time"
	"unicode/utf8"

	"fantail/hub"
	"fantail/hub/websocket"
)

// appendEnvelope appends a message as one line of JSON:
//
//	{"pos":"…","key":"…","time":"RFC 3339 with ns","data":…}
//
// data is the message itself if the message is JSON on one line, is not a string, and
// is nested at most 60 deep. Otherwise data is a JSON string of the message's text. So
// a data that is a string always stands for its characters, and the message comes back
// byte for byte from what is between "data": and the last brace
// (TestEnvelopeIsLossless). A binary message has base64 instead of data. A message
// without a key has no key.
func appendEnvelope(dst []byte, at hub.Position, m *hub.Message) []byte {
	dst = append(append(append(dst, `{"pos":"`...), at.String()...), '"')
	if m.Key() != "" {
		dst = appendString(append(dst, `,"key":`...), m.Key())
	}
	dst = m.Time().UTC().AppendFormat(append(dst, `,"time":"`...), time.RFC3339Nano)
	switch p := m.Payload(); {
	case m.Kind() == hub.Binary:
		dst = append(base64.StdEncoding.AppendEncode(append(dst, `","base64":"`...), p), '"')
	case isOneLineJSON(p):
		dst = append(append(dst, `","data":`...), p...)
	default:
		dst = appendString(append(dst, `","data":`...), string(p))
	}
	return append(dst, '}')
}

// deepestJSON bounds the nesting of a message that is put into an envelope as it is.
// Most readers bound the nesting too (RFC 8259 section 9), .NET's at 64, and they must
// not fail because of the envelope.
const deepestJSON = 60

// isOneLineJSON reports whether a message can be put into an envelope as it is.
func isOneLineJSON(p []byte) bool {
	if s := bytes.TrimLeft(p, " \t"); len(s) > 0 && s[0] == '"' {
		return false
	}
	return isFlatLine(p) && utf8.Valid(p) && json.Valid(p)
}

// isFlatLine reports whether p has neither line breaks nor, if it is JSON, more
// nesting than deepestJSON.
func isFlatLine(p []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\n' || c == '\r':
			return false
		case quoted && c == '\\' && i+1 < len(p) && p[i+1] >= ' ':
			i++ // skip what is escaped
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > deepestJSON {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

func appendString(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string cannot fail
	return append(dst, b...)
}

// notice is a hub's notice on the wire.
type notice struct {
	Notice    string   `json:"notice"`
	Pos       string   `json:"pos"`
	From      string   `json:"from,omitempty"`
	Missed    *uint64  `json:"missed,omitempty"`
	AtLeast   bool     `json:"at_least,omitempty"`
	Conflated bool     `json:"conflated,omitempty"`
	State     string   `json:"state,omitempty"`
	Outage    *float64 `json:"outage_seconds,omitempty"`
	Reason    string   `json:"reason,omitempty"`
}

func noticeJSON(n hub.Notice) []byte {
	w := notice{Notice: n.Kind.String(), Pos: n.At.String()}
	switch n.Kind {
	case hub.Gap:
		if !n.Unknown {
			w.From, w.Missed, w.AtLeast, w.Conflated = n.From.String(), &n.Missed, n.AtLeast, n.Conflated
		}
	case hub.SourceDown:
		w.State = "down"
	case hub.SourceUp:
		seconds := n.Outage.Seconds()
		w.State, w.Outage = "up", &seconds
	}
	return mustJSON(w)
}

// closingJSON returns the last notice of a connection: draining, or close with the
// reason's word. at is where to resume.
func closingJSON(why hub.Reason, at hub.Position) []byte {
	w := notice{Notice: "close", Pos: at.String(), Reason: why.String()}
	if why == hub.Draining {
		w.Notice, w.Reason = "draining", ""
	}
	return mustJSON(w)
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // strings, numbers and booleans cannot fail
		panic(err)
	}
	return b
}

// envelopeFormat is a WebSocket whose text messages are envelopes and notices.
type envelopeFormat struct{ position func(seq uint64) hub.Position }

func (f *envelopeFormat) Encode(m *hub.Message) []byte {
	return websocket.AppendMessage(nil, hub.Text, appendEnvelope(nil, f.position(m.Seq()), m))
}

func (f *envelopeFormat) Notice(n hub.Notice) []byte {
	return websocket.AppendMessage(nil, hub.Text, noticeJSON(n))
}

func (f *envelopeFormat) Close(why hub.Reason, at hub.Position) []byte {
	var dst []byte
	if why == hub.Draining {
		dst = websocket.AppendMessage(dst, hub.Text, closingJSON(why, at))
	}
	return websocket.AppendClose(dst, closeCode(why), closeReason(why, at))
}

func (f *envelopeFormat) Ping() []byte { return pingFrame }
