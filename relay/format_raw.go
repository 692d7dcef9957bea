package relay

import (
	"fantail/hub"
	"fantail/hub/websocket"
)

// frameHeader is a hub's Config.Header: it appends what precedes each message on the
// wire of a raw WebSocket.
func frameHeader(dst []byte, kind hub.Kind, length int) []byte {
	op := byte(websocket.OpText)
	if kind == hub.Binary {
		op = websocket.OpBinary
	}
	return websocket.AppendHeader(dst, op, length)
}

// rawFormat is a WebSocket that carries the source's messages byte for byte. The hub
// stores each message as this format's frame, so encoding costs nothing. It has no
// notices: it carries the feed and nothing else.
type rawFormat struct{ _ byte } // not of size zero: formats are compared

func (*rawFormat) Encode(m *hub.Message) []byte { return m.Frame() }

func (*rawFormat) Notice(hub.Notice) []byte { return nil }

func (*rawFormat) Close(why hub.Reason, at hub.Position) []byte {
	return websocket.AppendClose(nil, closeCode(why), closeReason(why, at))
}

var pingFrame = websocket.AppendHeader(nil, websocket.OpPing, 0)

func (*rawFormat) Ping() []byte { return pingFrame }

// closeCode returns the close code for the reason of a leave. Codes below 4000 are
// those of RFC 6455 section 7.4.1, the others are our own.
func closeCode(why hub.Reason) uint16 {
	switch why {
	case hub.Draining, hub.Stopped:
		return 1001
	case hub.Protocol:
		return 1002
	case hub.NotUTF8:
		return 1007
	case hub.Uplink, hub.Flood:
		return 1008
	case hub.TooLarge:
		return 1009
	case hub.MaxAge:
		return 1012
	case hub.Busy:
		return 1013 // registered with IANA as "try again later"
	case hub.Token:
		return 4401
	case hub.Forbidden:
		return 4403
	case hub.Slow, hub.Silent:
		return 4408
	case hub.Gone:
		return 4410
	}
	return 1000
}

func closeReason(why hub.Reason, at hub.Position) string {
	if why == hub.Gone {
		return why.String() + "; oldest=" + at.String()
	}
	return why.String() + "; resume=" + at.String()
}
