package relay

import (
	"net/http"

	"fantail/hub"
	"fantail/hub/websocket"
)

// serveWebSocket performs the opening handshake and makes the connection a
// client of the hub.
func (r *Relay) serveWebSocket(w http.ResponseWriter, req *http.Request) {
	no := checkForm(req)
	if no != nil {
		r.refuseHTTP(w, req, no)
		return
	}
	var format hub.Format = r.raw
	if hasToken(req.Header, "Sec-Websocket-Protocol", subprotocol) {
		format = r.envelope
	}
	agreed, no := r.negotiate(req)
	if no != nil {
		r.refuseHTTP(w, req, no)
		return
	}
	a, no := r.admit(req, format, agreed)
	if no != nil {
		r.refuseHTTP(w, req, no)
		return
	}
	ws, c, err := r.accept(w, req, a)
	if err != nil { // the library has answered
		r.dismiss(a)
		r.refusals[refusedHandshake].Add(1)
		r.log.Debug().Stringer("reason", refusedHandshake).Stringer("client", a.from).Err(err).Msg("handshake refused")
		return
	}
	if c.client, err = r.hub.Join(newSocket(c.Conn, r.cfg.UnsentLimit), a.Options); err != nil { // the hub is closed
		r.dismiss(a)
		ws.CloseNow()
		return
	}
	s := &session{relay: r, conn: c, ws: ws, seat: a.seat}
	go s.read() // a fresh, small stack; ends when the connection is closed, which the hub sees to
}

// negotiate agrees on compression, if this relay and the client want it.
func (r *Relay) negotiate(req *http.Request) (deflateParams, *refusal) {
	t, ok := negotiate(req.Header)
	switch {
	case !ok:
		return t, refusalf(refusedExtensions, "the header Sec-WebSocket-Extensions cannot be read; write it as in RFC 7692, such as permessage-deflate")
	case !r.cfg.Compression || cannotInflate(req.UserAgent()):
		return deflateParams{}, nil
	}
	return t, nil
}

// accept has the library answer the handshake. It is shown only what was agreed
// on: it would choose otherwise.
func (r *Relay) accept(w http.ResponseWriter, req *http.Request, a admission) (*websocket.Conn, *netConn, error) {
	req.Header.Del("Sec-WebSocket-Extensions")
	if a.deflate.compress {
		req.Header.Set("Sec-WebSocket-Extensions", a.deflate.request())
	}
	w.Header().Set("Fantail-Position", r.hub.At(a.Start).String())
	hj := &hijacker{ResponseWriter: w, largest: r.cfg.UplinkMaxMessage, answer: a.deflate.answer()}
	ws, err := websocket.Accept(hj, req, websocket.AcceptOptions{Subprotocols: []string{subprotocol}, Compress: a.deflate.compress})
	if err != nil {
		return nil, nil, err
	}
	ws.SetReadLimit(r.cfg.UplinkMaxMessage)
	return ws, hj.conn, nil
}
