package relay

import (
	"net/http"

	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/websocket"
)

// webSocket is the transport of /ws.
type webSocket struct{ relay *Relay }

func (r *Relay) serveWebSocket(w http.ResponseWriter, req *http.Request) {
	r.serveClient(w, req, webSocket{r})
}

// parse implements transport.
func (t webSocket) parse(req *http.Request, ask *request) *refusal {
	if refused := checkUpgradeForm(req); refused != nil {
		return refused
	}
	if hasToken(req.Header, "Sec-Websocket-Protocol", fantailv1.Subprotocol) {
		ask.format = formatEnvelope
	}
	deflate, ok := negotiate(req.Header)
	if !ok {
		return refusalf(refusedExtensions, "the header Sec-WebSocket-Extensions cannot be read; write it as in RFC 7692, such as permessage-deflate")
	}
	if !cannotInflate(req.UserAgent()) {
		ask.deflate = deflate
	}
	return nil
}

// takeOver implements transport. The library performs the handshake. It sees only the
// extension that was agreed on, because it would choose differently.
func (t webSocket) takeOver(w http.ResponseWriter, req *http.Request, g grant, at hub.Position) (connection, *refusal) {
	req.Header.Del("Sec-WebSocket-Extensions")
	if g.deflate.compress {
		req.Header.Set("Sec-WebSocket-Extensions", g.deflate.request())
	}
	w.Header().Set(fantailv1.PositionHeader, at.String())
	u := t.relay.uplink
	hj := &hijacker{ResponseWriter: w, largest: u.largest, answer: g.deflate.answer()}
	ws, err := websocket.Accept(hj, req, websocket.AcceptOptions{
		Subprotocols: []string{fantailv1.Subprotocol}, Compress: g.deflate.compress,
	})
	if err != nil { // the library has answered
		return nil, refusalf(refusedHandshake, "the handshake failed: %s", err)
	}
	ws.SetEnded(hj.conn.ended)
	ws.SetReadLimit(u.largest)
	return &session{relay: t.relay, conn: hj.conn, ws: ws}, nil
}
