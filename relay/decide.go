package relay

import (
	"fantail/hub"
	"fantail/hub/fantailv1"
)

// rules hold what the operator allows clients. They are static and decide is pure:
// neither knows a hub, a clock or another client.
type rules struct {
	origins     originPolicy
	compression bool
	keyRequired bool       // a client must name keys
	snapshot    bool       // the hub keeps a snapshot
	policy      hub.Policy // for clients that choose none
	fixedPolicy bool       // clients may not choose another policy
}

// grant is a request with what the rules grant it.
type grant struct {
	request
	policy hub.Policy
}

// decide is the step of the road that says whether a request is served, and how. It
// asks for the origin first: only allowed pages are told what is wrong with a query.
func (r rules) decide(ask request) (g grant, refused *refusal) {
	g.request = ask
	if refused = r.checkOrigin(ask); refused != nil {
		return g, refused
	}
	if refused = ask.badQuery; refused != nil {
		return g, refused
	}
	if refused = r.checkQuery(ask.query); refused != nil {
		return g, refused
	}
	if !r.compression {
		g.deflate = deflateParams{}
	}
	g.policy, refused = r.choosePolicy(ask.query.policy, ask.format)
	return g, refused
}

func (r rules) checkOrigin(ask request) *refusal {
	if r.origins.allows(ask.origin, ask.host) {
		return nil
	}
	return refusalf(refusedOrigin, "pages of this origin may not connect here")
}

func (r rules) checkQuery(q query) *refusal {
	switch {
	case r.keyRequired && q.filter == nil:
		return refusalf(refusedQuery, "this relay requires keys: add key=<key>, or key=<prefix>*")
	case q.snapshot && !r.snapshot:
		return refusalf(refusedQuery, "parameter snapshot: this relay keeps no snapshot")
	}
	return nil
}

// choosePolicy returns a client's policy: the one that it asks for, or the operator's
// if it asks for none and its format can tell gaps.
func (r rules) choosePolicy(asked *hub.Policy, f format) (hub.Policy, *refusal) {
	switch {
	case asked == nil && !f.hasNotices():
		return hub.Evict, nil
	case asked == nil:
		return r.policy, nil
	case r.fixedPolicy && *asked != r.policy:
		return 0, refusalf(refusedQuery, "parameter policy: clients of this relay may not choose one")
	case *asked != hub.Evict && !f.hasNotices():
		return 0, refusalf(refusedQuery, "parameter policy: a raw WebSocket cannot be told of gaps; use the subprotocol %s, /sse or /stream", fantailv1.Subprotocol)
	case *asked == hub.Conflate && !r.snapshot:
		return 0, refusalf(refusedQuery, "parameter policy: this relay keeps no snapshot to conflate with")
	}
	return *asked, nil
}
