package relay

import (
	"context"
	"net/netip"
	"time"

	"fantail/hub"
)

// reservation holds the places of one client: a seat until the client is gone, and a
// lane until the client joins. The zero reservation holds nothing. One goroutine at a
// time owns it.
type reservation struct {
	relay  *Relay
	block  netip.Prefix // whose addresses the seat counts for
	format format
	lane   *hub.Lane // nil once the client has joined
	joined bool
}

// reserve is the step of the road that asks for room: whether the relay accepts
// anybody, a turn among the handshakes, a seat, and a lane. It waits for the turn only.
// Beside a refusal the reservation holds what was taken so far.
func (r *Relay) reserve(ctx context.Context, g grant) (held reservation, refused *refusal) {
	if r.draining.Load() {
		return held, refusalf(refusedDraining, "this relay is shutting down; try another or come back")
	}
	if !r.handshakes.pass(ctx) {
		return held, refusalf(refusedRate, "too many handshakes at once; come back later")
	}
	block := addressBlock(g.from)
	if reason, ok := r.clients.take(block); !ok {
		return held, refusalf(reason, "%s", seatSentences[reason])
	}
	held = reservation{relay: r, block: block, format: g.format}
	lane, err := r.encoders.lane(r.hub, g.format, g.query.filter, g.deflate)
	if err != nil {
		return held, refusalf(refusedFilters, "this relay can take no more different filters now; ask for fewer keys, a prefix, or all")
	}
	held.lane = lane
	return held, nil
}

var seatSentences = map[refusalReason]string{
	refusedPerIP: "too many connections from your address; close one or come back later",
	refusedFull:  "this relay serves as many clients as it may; come back later",
}

// join makes a connection a client on the reserved lane. From then on the hub owns the
// lane.
func (v *reservation) join(conn hub.Conn, g grant, start hub.Start) (*hub.Client, error) {
	c, err := v.relay.hub.Join(conn, hub.Options{Lane: v.lane, Start: start, Policy: g.policy, Name: g.name})
	if err != nil {
		return nil, err
	}
	v.lane, v.joined = nil, true
	v.relay.joined[v.format].Add(1)
	return c, nil
}

// handOn returns everything that is held, and leaves nothing.
func (v *reservation) handOn() (held reservation) {
	held, *v = *v, reservation{}
	return held
}

// release gives back everything that is held.
func (v *reservation) release() {
	if v.relay == nil {
		return
	}
	if v.lane != nil {
		v.relay.hub.Release(v.lane)
	}
	if v.joined {
		v.relay.joined[v.format].Add(-1)
	}
	v.relay.clients.leave(v.block)
	*v = reservation{}
}

// awaitTime is how long a handshake waits for the feed to reach a position that another
// relay of the same backbone has told.
const awaitTime = 2 * time.Second

// awaitStart is the step of the road that says where the client begins. If the feed may
// soon reach the position to resume from, it waits for that. A client that is refused
// may find its position at another relay, or here a little later.
func (r *Relay) awaitStart(ctx context.Context, q query, lane *hub.Lane) (hub.Start, *refusal) {
	switch {
	case q.snapshot:
		return r.hub.Newest(lane), nil
	case q.last > 0:
		return r.hub.Last(q.last, lane), nil
	case q.since == nil:
		return r.hub.Live(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	if !r.hub.Await(ctx, *q.since) {
		return hub.Start{}, refusalf(refusedBehind, "this relay has lost its source and has not reached your position; come back later, or try another")
	}
	return r.hub.Resume(*q.since), nil
}
