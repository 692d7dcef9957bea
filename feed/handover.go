package feed

import (
	"bytes"

	"fantail/hub"
)

// maxHeld bounds the bytes that a handover holds back.
const maxHeld = 64 << 20

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
	ids      *identifier
	old, new *line
	joined   bool // both have brought one message, or it was given up
	tail     bool // the last part has begun, whose end is the caller's to tell
	left     bool // the old one was told to leave: what has no identity is the new one's to bring

	held  []arrived        // of the new connection
	where map[identity]int // in held: the first with that identity
	bytes int              // in held
}

// arrived is a message with its identity, or what came in the place of one.
type arrived struct {
	in   hub.Input
	id   identity
	has  bool  // it has an identity
	drop error // what came in the place of a message
}

func newHandover(ids *identifier, old, new *line) *handover {
	new.settle() // only what comes from now on shows that both run
	return &handover{ids: ids, old: old, new: new, where: map[identity]int{}}
}

// fromOld appends to out what follows from a message of the old connection.
func (h *handover) fromOld(out []arrived, a arrived) []arrived {
	switch {
	case a.drop == nil && !a.has && h.left:
		return append(out, dropped(DropCopy))
	case a.drop != nil || !a.has:
		return append(out, a)
	case h.old.seen(a.id):
		return append(out, dropped(DropCopy))
	}
	out = append(out, a)
	if i, found := h.where[a.id]; found && !h.joined {
		return h.join(out, i)
	}
	return out
}

// fromNew appends to out what follows from a message of the new connection. What
// has no identity is the old one's to bring until that was told to leave.
func (h *handover) fromNew(out []arrived, a arrived) []arrived {
	switch {
	case a.drop != nil:
		return append(out, a)
	case !h.joined && a.has && h.new.copies(a.id):
		h.hold(a)
		return h.join(out, len(h.held)-1)
	case !h.joined:
		h.hold(a)
		if h.bytes > maxHeld {
			return h.giveUp(out)
		}
		return out
	case !a.has && !h.left:
		return append(out, dropped(DropCopy))
	case !a.has:
		return append(out, a)
	}
	return h.take(out, a)
}

// giveUp goes over to the new connection although nothing shows that it has all
// that follows: the old one has ended, or both were quiet for too long.
func (h *handover) giveUp(out []arrived) []arrived {
	h.joined = true
	for _, a := range h.held {
		if a.has {
			out = h.take(out, a)
		} else {
			out = append(out, a)
		}
	}
	h.held = nil
	return out
}

// join goes over to the new connection, whose held message i the old one has
// brought too.
func (h *handover) join(out []arrived, i int) []arrived {
	h.joined = true
	for j, a := range h.held {
		switch {
		case j < i || !a.has:
			out = append(out, dropped(DropOverlap))
		default:
			out = h.take(out, a)
		}
	}
	h.held = nil
	return out
}

// take publishes a message of the new connection unless it is a copy.
func (h *handover) take(out []arrived, a arrived) []arrived {
	if h.new.seen(a.id) {
		return append(out, dropped(DropCopy))
	}
	return append(out, a)
}

// hold keeps a copy of a message.
func (h *handover) hold(a arrived) {
	a.in.Payload = bytes.Clone(a.in.Payload)
	if _, found := h.where[a.id]; a.has && !found {
		h.where[a.id] = len(h.held)
	}
	h.bytes += len(a.in.Payload) + 64
	h.held = append(h.held, a)
}

func dropped(reason DropReason) arrived { return arrived{drop: reason} }
