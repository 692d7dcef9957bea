package relay

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"fantail/hub"
)

// admission is what a client was let in with: a seat and a lane are reserved for
// it until it is gone.
type admission struct {
	hub.Options
	from    netip.Addr
	seat    netip.Prefix
	deflate deflateParams
}

// admit checks a request, the cheap questions first: its origin and query,
// whether it may come at all, and only then whether there is room. Whoever is
// admitted is given to join or to dismiss.
func (r *Relay) admit(req *http.Request, f hub.Format, agreed deflateParams) (a admission, no *refusal) {
	a.deflate = agreed
	if no = r.checkOrigin(req); no != nil {
		return a, no
	}
	q, no := r.readRequest(req)
	if no != nil {
		return a, no
	}
	if a.Policy, no = r.choosePolicy(q, f); no != nil {
		return a, no
	}
	if r.draining.Load() {
		return a, refusalf(refusedDraining, "this relay is shutting down; try another or come back")
	}
	if !r.handshakes.pass(req.Context()) {
		return a, refusalf(refusedRate, "too many handshakes at once; come back later")
	}
	a.from = r.proxies.client(req)
	a.seat = addressBlock(a.from)
	if why, ok := r.clients.take(a.seat); !ok {
		return a, refusalf(why, "%s", seatSentences[why])
	}
	if no = r.awaitPosition(req, q); no != nil {
		r.clients.leave(a.seat)
		return a, no
	}
	return r.prepare(a, q, f, req)
}

// awaitTime is how long a handshake waits for the feed to reach a position that
// another relay of the same backbone has told.
const awaitTime = 2 * time.Second

// awaitPosition waits for the position to resume behind, if it may be near. Who
// is refused may find it at another relay, or here a little later.
func (r *Relay) awaitPosition(req *http.Request, q query) *refusal {
	if q.since == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(req.Context(), awaitTime)
	defer cancel()
	if !r.hub.Await(ctx, *q.since) {
		return refusalf(refusedBehind, "this relay has lost its source and has not come as far as your position; come back later, or try another")
	}
	return nil
}

var seatSentences = map[refusalReason]string{
	refusedPerIP: "too many connections from your address; close one or come back later",
	refusedFull:  "this relay serves as many clients as it may; come back later",
}

// prepare reserves the lane and says where the client begins.
func (r *Relay) prepare(a admission, q query, f hub.Format, req *http.Request) (admission, *refusal) {
	lane, err := r.reserve(f, q.filter, a.deflate)
	if err != nil {
		r.clients.leave(a.seat)
		return a, refusalf(refusedFilters, "as many different filters are in use as may be; ask for fewer keys, a prefix, or all")
	}
	a.Lane = lane
	switch {
	case q.snapshot:
		a.Start = r.hub.Newest(lane)
	case q.since != nil:
		a.Start = r.hub.Resume(*q.since)
	case q.last > 0:
		a.Start = r.hub.Last(q.last, lane)
	default:
		a.Start = r.hub.Live()
	}
	a.Name = a.from.String()
	if len(r.proxies) == 0 {
		a.Name = req.RemoteAddr
	}
	return a, nil
}

// reserve returns the lane of a format, a filter and what was agreed on about
// compression. Only those who get everything can share one stream.
func (r *Relay) reserve(f hub.Format, filter *hub.Filter, agreed deflateParams) (*hub.Lane, error) {
	d := r.deflaters[f]
	switch {
	case !agreed.compress:
		return r.hub.Lane(f, filter)
	case filter != nil || agreed.noContext:
		return r.hub.Lane(d.alone, filter)
	}
	return r.hub.StreamLane(f, d)
}

// dismiss gives back what was reserved for somebody who did not join.
func (r *Relay) dismiss(a admission) {
	r.hub.Release(a.Lane)
	r.clients.leave(a.seat)
}

// readRequest reads the query, and Last-Event-ID, which is newer than a since that
// an EventSource keeps sending with its URL.
func (r *Relay) readRequest(req *http.Request) (q query, no *refusal) {
	if q, no = readQuery(req.URL.RawQuery); no != nil {
		return q, no
	}
	if id := req.Header.Get("Last-Event-ID"); id != "" {
		at, err := hub.ParsePosition(id)
		if err != nil {
			return q, refusalf(refusedQuery, "header Last-Event-ID: %s", strings.TrimPrefix(err.Error(), "hub: "))
		}
		q.since, q.last, q.snapshot = &at, 0, false
	}
	switch {
	case r.cfg.KeyRequired && q.filter == nil:
		return q, refusalf(refusedQuery, "this relay wants to know the keys: add key=<key>, or key=<prefix>*")
	case q.snapshot && !r.hub.HasSnapshot():
		return q, refusalf(refusedQuery, "parameter snapshot: this relay keeps no snapshot")
	}
	return q, nil
}

// choosePolicy returns the client's policy: its own wish, or the operator's
// where the format allows it.
func (r *Relay) choosePolicy(q query, f hub.Format) (hub.Policy, *refusal) {
	notices := f != hub.Format(r.raw)
	switch {
	case q.policy == nil && !notices:
		return hub.Evict, nil
	case q.policy == nil:
		return r.cfg.Policy, nil
	case r.cfg.FixedPolicy && *q.policy != r.cfg.Policy:
		return 0, refusalf(refusedQuery, "parameter policy: this relay lets nobody choose")
	case *q.policy != hub.Evict && !notices:
		return 0, refusalf(refusedQuery, "parameter policy: a raw WebSocket cannot be told of gaps; use the subprotocol %s, /sse or /stream", subprotocol)
	case *q.policy == hub.Conflate && !r.hub.HasSnapshot():
		return 0, refusalf(refusedQuery, "parameter policy: this relay keeps no snapshot to conflate with")
	}
	return *q.policy, nil
}

// checkForm checks what RFC 6455 section 4.1 asks of a request before the
// library looks at the rest.
func checkForm(req *http.Request) *refusal {
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

func (r *Relay) checkOrigin(req *http.Request) *refusal {
	origin := req.Header.Get("Origin")
	if r.origins.allows(origin, req.Host) {
		return nil
	}
	r.originLog.Warn().Str("origin", clip(origin)).Str("host", clip(req.Host)).Msg("origin refused; to let it in, add it to FANTAIL_ALLOWED_ORIGINS")
	return refusalf(refusedOrigin, "pages of this origin may not connect here")
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
