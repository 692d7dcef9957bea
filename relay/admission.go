package relay

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"fantail/hub"
)

// admission is what a handshake was let in with.
type admission struct {
	start hub.Start
	from  netip.Addr
	seat  netip.Prefix // to be left when the client is gone
}

// admit checks a handshake, the cheap questions first: its form, whether it may
// come at all, and only then whether there is room. Whoever is admitted has a
// seat.
func (r *Relay) admit(req *http.Request) (a admission, f *refused) {
	if f := checkForm(req); f != nil {
		return a, f
	}
	if f := r.checkOrigin(req); f != nil {
		return a, f
	}
	if a.start, f = r.readQuery(req.URL.RawQuery); f != nil {
		return a, f
	}
	if r.refusing.Load() {
		return a, refuse(refusedDraining, "this relay is shutting down; try another or come back")
	}
	if !r.turnstile.pass(req.Context()) {
		return a, refuse(refusedRate, "too many handshakes at once; come back later")
	}
	a.from = r.proxies.client(req)
	a.seat = neighbourhood(a.from)
	switch why, ok := r.seats.take(a.seat); {
	case ok:
		return a, nil
	case why == refusedPerIP:
		return a, refuse(why, "too many connections from your address; close one or come back later")
	default:
		return a, refuse(why, "this relay serves as many clients as it may; come back later")
	}
}

// checkForm checks what RFC 6455 section 4.1 asks of a request before the
// library looks at the rest.
func checkForm(req *http.Request) *refused {
	switch {
	case req.Method != http.MethodGet:
		return refuse(refusedMethod, "use GET, not %.20s", req.Method)
	case !hasToken(req.Header, "Connection", "upgrade") || !hasToken(req.Header, "Upgrade", "websocket"):
		return refuse(refusedUpgrade, "this path speaks WebSocket: send Connection: Upgrade and Upgrade: websocket")
	case req.ContentLength != 0 || len(req.TransferEncoding) > 0:
		return refuse(refusedBody, "a WebSocket handshake has no body")
	}
	return nil
}

func (r *Relay) checkOrigin(req *http.Request) *refused {
	origin := req.Header.Get("Origin")
	if r.origins.allows(origin, req.Host) {
		return nil
	}
	r.originLog.Warn().Str("origin", clip(origin)).Str("host", clip(req.Host)).Msg("origin refused; to let it in, add it to FANTAIL_ALLOWED_ORIGINS")
	return refuse(refusedOrigin, "pages of this origin may not connect here")
}

// readQuery reads where the client wants to begin.
func (r *Relay) readQuery(raw string) (start hub.Start, f *refused) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return start, refuse(refusedQuery, "the query cannot be read: %.80s", err)
	}
	start = r.hub.Live()
	for name, values := range query {
		switch {
		case len(values) > 1:
			return start, refuse(refusedQuery, "parameter %.40q is given %d times; give it once", name, len(values))
		case name == "since":
			at, err := hub.ParsePosition(values[0])
			if err != nil {
				return start, refuse(refusedQuery, "parameter since: %s", strings.TrimPrefix(err.Error(), "hub: "))
			}
			start = r.hub.Resume(at)
		default:
			return start, refuse(refusedQuery, "unknown parameter %.40q; known is since", name)
		}
	}
	return start, nil
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
