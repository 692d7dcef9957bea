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

// handover makes one feed of two connections while one takes over from the other. It is a pure
// state machine that knows neither time nor sockets.
//
// At first the feed comes from the old connection, and what the new one brings is held back. Once
// both have brought the same message, the new one has all that follows. What the new one began
// with, such as an answer to its subscription or a snapshot, is then older than the feed and
// dropped. Afterwards each message is taken from the connection that brings it first. Each
// connection is in order, so the feed is in order.
type handover struct {
	ids       *stage.Identifier
	old, next *stage.Share
	joined    bool // both have brought the same message, or the wait for it was given up
	tail      bool // the last part has begun; the caller says when it ends
	left      bool // the old one was told to leave; messages without identity now come from the new one

	held  []identified           // events of the new connection that are held back
	where map[stage.Identity]int // index in held of the first message with that identity
	bytes int                    // that held takes
}

// identified is an event with the identity of its message.
type identified struct {
	driver.Event
	id  stage.Identity
	has bool // it is a message that has an identity
}

func newHandover(ids *stage.Identifier, old, next *stage.Share) *handover {
	next.Settle() // only messages from now on show that both connections run
	return &handover{ids: ids, old: old, next: next, where: map[stage.Identity]int{}}
}

// fromOld takes in an event of the old connection, and appends the events of the feed to out.
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

// fromNext takes in an event of the new connection, and appends the events of the feed to out. A
// message without identity comes from the old connection until that was told to leave.
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

// giveUp goes over to the new connection although nothing shows that it has all that follows. The
// old one has ended, both were quiet for too long, or too much is held.
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

// join goes over to the new connection. The old one has brought its held message i too.
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
