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
		r.turnAway(w, req, no)
		return
	}
	var format hub.Format = r.raw
	if hasToken(req.Header, "Sec-Websocket-Protocol", subprotocol) {
		format = r.envelope
	}
	a, no := r.admit(req, format)
	if no != nil {
		r.turnAway(w, req, no)
		return
	}
	ws, c, err := r.accept(w, req, a)
	if err != nil { // the library has answered
		r.dismiss(a)
		r.refused[refusedHandshake].Add(1)
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

// accept has the library answer the handshake.
func (r *Relay) accept(w http.ResponseWriter, req *http.Request, a admission) (*websocket.Conn, *netConn, error) {
	// The compression offer is taken out of the library's hands: it would
	// compress for each client alone.
	req.Header.Del("Sec-WebSocket-Extensions")
	w.Header().Set("Fantail-Position", r.hub.At(a.Start).String())
	hj := &hijacker{ResponseWriter: w, largest: r.cfg.UplinkMaxMessage}
	ws, err := websocket.Accept(hj, req, websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		return nil, nil, err
	}
	ws.SetReadLimit(r.cfg.UplinkMaxMessage)
	return ws, hj.conn, nil
}
