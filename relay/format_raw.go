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
