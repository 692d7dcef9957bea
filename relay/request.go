package relay

import (
	"net/http"
	"net/netip"
	"strings"

	"fantail/hub"
)

// request has everything that the road needs to know of an HTTP request. It knows no
// hub and no limit.
type request struct {
	format   format
	deflate  deflateParams // the offer that the relay could accept
	query    query
	badQuery *refusal // what is wrong with the query or with Last-Event-ID, nil if nothing is

	origin string     // of the page that asks, empty for a program
	host   string     // the name by which the relay was reached
	from   netip.Addr // the client's address, as trusted proxies tell it
	name   string     // the client's name, for people
}

// transport is a way to connect. Transports differ in two steps of the road.
type transport interface {
	// parse checks the form of a request and reads what only this transport has.
	parse(req *http.Request, ask *request) *refusal
	// takeOver takes the connection from the HTTP server and answers the request. After
	// the answer come the client's messages, from a position on. A refusal is
	// for the log and the metrics alone, because the client can no longer be told.
	takeOver(w http.ResponseWriter, req *http.Request, g grant, at hub.Position) (connection, *refusal)
}

// parse is the first step of the road. It keeps what is wrong with a query, because
// only an allowed origin is told.
func (r *Relay) parse(req *http.Request, t transport) (ask request, refused *refusal) {
	if refused := t.parse(req, &ask); refused != nil {
		return ask, refused
	}
	ask.query, ask.badQuery = parseQuery(req.URL.RawQuery, req.Header.Get("Last-Event-ID"))
	ask.origin, ask.host = req.Header.Get("Origin"), req.Host
	ask.from = r.proxies.client(req)
	ask.name = ask.from.String()
	if len(r.proxies) == 0 {
		ask.name = req.RemoteAddr // with the port
	}
	return ask, nil
}

// checkUpgradeForm checks what RFC 6455 section 4.1 requires of a request. The library
// looks at the rest later.
func checkUpgradeForm(req *http.Request) *refusal {
	switch {
	case req.Method != http.MethodGet:
		return refusalf(refusedMethod, "use GET, not %.20s", req.Method)
	case !hasToken(req.Header, "Connection", "upgrade") || !hasToken(req.Header, "Upgrade", "websocket"):
		return refusalf(refusedUpgrade, "this path speaks WebSocket: send Connection: Upgrade and Upgrade: websocket")
	case req.ContentLength != 0 || len(req.TransferEncoding) > 0:
		return refusalf(refusedBody, "a WebSocket handshake has no body")
	}
	return nil
}

// checkStreamForm checks a request for a response of messages.
func checkStreamForm(req *http.Request) *refusal {
	switch {
	case req.Method != http.MethodGet:
		return refusalf(refusedMethod, "use GET, not %.20s", req.Method)
	case req.ContentLength != 0 || len(req.TransferEncoding) > 0:
		return refusalf(refusedBody, "a request for a stream has no body")
	}
	return nil
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
