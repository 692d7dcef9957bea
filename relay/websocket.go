package relay

import (
	"net/http"
	"net/url"
	"strings"

	"fantail/hub"
	"fantail/hub/websocket"
)

// serveWebSocket performs the opening handshake and makes the connection a
// client of the hub.
func (r *Relay) serveWebSocket(w http.ResponseWriter, req *http.Request) {
	start, ok := r.admit(w, req)
	if !ok {
		return
	}
	// The compression offer is taken out of the library's hands: it would
	// compress for each client alone.
	req.Header.Del("Sec-WebSocket-Extensions")
	w.Header().Set("Fantail-Position", r.hub.At(start).String())
	hj := &hijacker{ResponseWriter: w, largest: r.cfg.UplinkMaxMessage}
	ws, err := websocket.Accept(hj, req, websocket.AcceptOptions{})
	if err != nil { // the library has answered
		r.refused[refusedHandshake].Add(1)
		r.log.Debug().Stringer("reason", refusedHandshake).Str("remote", req.RemoteAddr).Err(err).Msg("handshake refused")
		return
	}
	ws.SetReadLimit(r.cfg.UplinkMaxMessage)
	c := hj.conn
	c.client, err = r.hub.Join(newSocket(c.Conn, r.cfg.UnsentLimit), r.lane, start, req.RemoteAddr)
	if err != nil {
		ws.CloseNow()
		return
	}
	s := &session{relay: r, conn: c, ws: ws, remote: req.RemoteAddr}
	go s.read() // a fresh, small stack; ends when the connection is closed, which the hub sees to
}

// admit checks all that can be refused with an HTTP status.
func (r *Relay) admit(w http.ResponseWriter, req *http.Request) (start hub.Start, ok bool) {
	switch {
	case req.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		r.refuse(w, req, refusedMethod, http.StatusMethodNotAllowed, "use GET, not %.20s", req.Method)
	case !hasToken(req.Header, "Connection", "upgrade") || !hasToken(req.Header, "Upgrade", "websocket"):
		w.Header().Set("Upgrade", "websocket")
		r.refuse(w, req, refusedUpgrade, http.StatusUpgradeRequired, "this path speaks WebSocket: send Connection: Upgrade and Upgrade: websocket")
	case req.ContentLength != 0 || len(req.TransferEncoding) > 0:
		r.refuse(w, req, refusedBody, http.StatusBadRequest, "a WebSocket handshake has no body")
	case !r.originAllowed(w, req):
	case r.refusing.Load():
		r.refuse(w, req, refusedDraining, http.StatusServiceUnavailable, "this relay is shutting down; try another or come back")
	case r.cfg.MaxClients > 0 && r.hub.Clients() >= r.cfg.MaxClients:
		r.refuse(w, req, refusedFull, http.StatusServiceUnavailable, "this relay serves as many clients as it may; come back later")
	default:
		return r.start(w, req)
	}
	return start, false
}

func (r *Relay) originAllowed(w http.ResponseWriter, req *http.Request) bool {
	origin := req.Header.Get("Origin")
	if r.origins.allows(origin, req.Host) {
		return true
	}
	r.originLog.Warn().Str("origin", origin).Str("host", req.Host).Msg("origin refused; to let it in, add it to FANTAIL_ALLOWED_ORIGINS")
	r.refuse(w, req, refusedOrigin, http.StatusForbidden, "pages of this origin may not connect here")
	return false
}

// start reads the query: where the client begins.
func (r *Relay) start(w http.ResponseWriter, req *http.Request) (start hub.Start, ok bool) {
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		r.refuse(w, req, refusedQuery, http.StatusBadRequest, "the query cannot be read: %.80s", err)
		return start, false
	}
	start = r.hub.Live()
	for name, values := range query {
		switch {
		case len(values) > 1:
			r.refuse(w, req, refusedQuery, http.StatusBadRequest, "parameter %.40q is given %d times; give it once", name, len(values))
			return start, false
		case name == "since":
			at, err := hub.ParsePosition(values[0])
			if err != nil {
				r.refuse(w, req, refusedQuery, http.StatusBadRequest, "parameter since: %s", strings.TrimPrefix(err.Error(), "hub: "))
				return start, false
			}
			start = r.hub.Resume(at)
		default:
			r.refuse(w, req, refusedQuery, http.StatusBadRequest, "unknown parameter %.40q; known is since", name)
			return start, false
		}
	}
	return start, true
}

// hasToken reports whether a header holds a token in one of its comma-separated
// lists (RFC 9110 section 5.6.1), in any case.
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h[name] {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
