package renew

import (
	"bytes"

	"fantail/feed/driver"
	"fantail/feed/stage"
)

const (
	maxHeld  = 64 << 20 // bytes that a handover holds back at most
	heldCost = 256      // bytes that a message counts beside its payload
)

// handover joins two connections to one feed while one takes over from the other:
// a pure state machine that knows neither time nor sockets.
//
// It goes on with the old connection and holds back what the new one brings until
// both have brought one message: from there on the new one has all that follows.
// What the new one began with, such as an answer to its subscription or a
// snapshot, is behind the feed by then and dropped. Afterwards each message is
// taken from the connection that brings it first. As each of them is in order,
// so is the feed.
type handover struct {
	ids       *stage.Identifier
	old, next *stage.Share
	joined    bool // both have brought one message, or it was given up
	tail      bool // the last part has begun, whose end is the caller's to tell
	left      bool // the old one was told to leave: what has no identity is the new one's to bring

	held  []identified           // of the new connection
	where map[stage.Identity]int // in held: the first with that identity
	bytes int                    // in held
}

// identified is an event with the identity of its message.
type identified struct {
	driver.Event
	id  stage.Identity
	has bool // it is a message that has an identity
}

func newHandover(ids *stage.Identifier, old, next *stage.Share) *handover {
	next.Settle() // only what comes from now on shows that both run
	return &handover{ids: ids, old: old, next: next, where: map[stage.Identity]int{}}
}

// fromOld appends to out what follows from a message of the old connection.
func (h *handover) fromOld(out []driver.Event, a identified) []driver.Event {
	switch {
	case a.Kind == driver.KindMessage && !a.has && h.left:
		return append(out, driver.Dropped(driver.DropCopy))
	case !a.has:
		return append(out, a.Event)
	case h.old.Seen(a.id):
		return append(out, driver.Dropped(driver.DropCopy))
	}
	out = append(out, a.Event)
	if i, found := h.where[a.id]; found && !h.joined {
		return h.join(out, i)
	}
	return out
}

// fromNext appends to out what follows from a message of the new connection. What
// has no identity is the old one's to bring until that was told to leave.
func (h *handover) fromNext(out []driver.Event, a identified) []driver.Event {
	switch {
	case a.Kind != driver.KindMessage:
		return append(out, a.Event)
	case !h.joined && a.has && h.next.Copies(a.id):
		h.hold(a)
		return h.join(out, len(h.held)-1)
	case !h.joined:
		h.hold(a)
		if h.bytes > maxHeld {
			return h.giveUp(out)
		}
		return out
	case !a.has && !h.left:
		return append(out, driver.Dropped(driver.DropCopy))
	case !a.has:
		return append(out, a.Event)
	}
	return h.take(out, a)
}

// giveUp goes over to the new connection although nothing shows that it has all
// that follows: the old one has ended, or both were quiet for too long.
func (h *handover) giveUp(out []driver.Event) []driver.Event {
	h.joined = true
	for _, a := range h.held {
		if a.has {
			out = h.take(out, a)
		} else {
			out = append(out, a.Event)
		}
	}
	h.held = nil
	return out
}

// join goes over to the new connection, whose held message i the old one has
// brought too.
func (h *handover) join(out []driver.Event, i int) []driver.Event {
	h.joined = true
	for j, a := range h.held {
		switch {
		case j < i || !a.has:
			out = append(out, driver.Dropped(driver.DropOverlap))
		default:
			out = h.take(out, a)
		}
	}
	h.held = nil
	return out
}

// take publishes a message of the new connection unless it is a copy.
func (h *handover) take(out []driver.Event, a identified) []driver.Event {
	if h.next.Seen(a.id) {
		return append(out, driver.Dropped(driver.DropCopy))
	}
	return append(out, a.Event)
}

// hold keeps a copy of a message.
func (h *handover) hold(a identified) {
	m := *a.Message
	m.Payload = bytes.Clone(m.Payload)
	a.Message = &m
	if _, found := h.where[a.id]; a.has && !found {
		h.where[a.id] = len(h.held)
	}
	h.bytes += len(m.Payload) + heldCost
	h.held = append(h.held, a)
}
