package relay

import (
	"net/http"

	"fantail/hub/websocket"
)

// serveWebSocket performs the opening handshake and makes the connection a
// client of the hub.
func (r *Relay) serveWebSocket(w http.ResponseWriter, req *http.Request) {
	a, f := r.admit(req)
	if f != nil {
		r.turnAway(w, req, f)
		return
	}
	// The compression offer is taken out of the library's hands: it would
	// compress for each client alone.
	req.Header.Del("Sec-WebSocket-Extensions")
	w.Header().Set("Fantail-Position", r.hub.At(a.start).String())
	hj := &hijacker{ResponseWriter: w, largest: r.cfg.UplinkMaxMessage}
	ws, err := websocket.Accept(hj, req, websocket.AcceptOptions{})
	if err != nil { // the library has answered
		r.seats.leave(a.seat)
		r.refused[refusedHandshake].Add(1)
		r.log.Debug().Stringer("reason", refusedHandshake).Stringer("client", a.from).Err(err).Msg("handshake refused")
		return
	}
	ws.SetReadLimit(r.cfg.UplinkMaxMessage)
	c := hj.conn
	c.client, err = r.hub.Join(newSocket(c.Conn, r.cfg.UnsentLimit), r.lane, a.start, r.clientName(req, a))
	if err != nil { // the hub is closed
		r.seats.leave(a.seat)
		ws.CloseNow()
		return
	}
	s := &session{relay: r, conn: c, ws: ws, seat: a.seat}
	go s.read() // a fresh, small stack; ends when the connection is closed, which the hub sees to
}

// clientName is how logs and /clients call a client: its address, with the
// port where it is its own.
func (r *Relay) clientName(req *http.Request, a admission) string {
	if len(r.proxies) == 0 {
		return req.RemoteAddr
	}
	return a.from.String()
}
