package hub

// Start is where a client begins. It is good while the ring holds the messages after
// it. A client that joins with a start that was lapped meanwhile leaves as Slow. The
// zero Start is the beginning of the feed.
type Start struct {
	slot uint64 // slot of the first message to send after the prelude
	seq  uint64 // sequence before the first message to send, that of the prelude included

	prelude *prelude // messages to send first, nil for none

	gone bool
	gap  gap // if gone: what a client that has notices is told

	movable bool // the start is the oldest message; if it is lapped, a client with notices begins later
}

// Live returns the start after the newest message. Any goroutine may call it.
func (h *Hub) Live() Start {
	whole := h.numbering.Load().whole // before the newest message, which may be after it
	if m := h.ring.newest(); m != nil && m.slot >= whole.slot {
		return Start{slot: m.slot + 1, seq: m.seq}
	}
	return whole
}

// Newest returns the start that begins with the newest message of each key that the
// lane wants, and goes on live after them. There is no hole between the two, and
// nothing comes twice. Its position is the one before the first of these messages: a
// client that breaks off at once and resumes there gets them, or is told that they are
// gone. Without a snapshot Newest is Live. The start keeps its messages alive, so use
// it or drop it soon.
func (h *Hub) Newest(lane *Lane) Start {
	if h.snapshot == nil {
		return h.Live()
	}
	messages, to := h.snapshotOf(lane.filter)
	if len(messages) > 0 {
		to.prelude = &prelude{messages, to.seq}
		to.seq = messages[0].seq - 1
	}
	return to
}

// Resume returns the start after a position. The start is Gone if the ring does not
// hold the position any more, if the feed never reached it, if it is of another epoch,
// or if it lies before a break that Adopt made. With a start that is Gone, a client
// with notices is told the gap and gets everything that is held; any other client is
// closed as Gone and gets nothing.
func (h *Hub) Resume(at Position) Start {
	n := h.numbering.Load()
	seq, ours := n.sequence(at)
	reached := seq <= h.Live().seq // before the search: what comes meanwhile does not count as reached
	slot, held := h.ring.after(seq)
	if ours && held && reached && seq >= n.whole.seq {
		return Start{slot: slot, seq: seq}
	}
	s := h.ring.oldest(0)
	if s.seq < n.whole.seq {
		s = n.whole
	}
	s.gone, s.movable, s.gap = true, true, gap{open: true, unknown: true}
	if ours && reached && n.source == "" { // a backbone's numbers have holes
		s.gap = gap{open: true, from: seq, missed: s.seq - min(s.seq, seq)}
	}
	return s
}

// Last returns the start before the newest n messages that the lane wants. If there are
// fewer, it is the start before all messages that are held and join up. Once the ring
// drops messages, its oldest sixteenth does not count, because it would be gone before
// a client has joined.
func (h *Hub) Last(n int, lane *Lane) Start {
	tail := h.numbering.Load().whole.slot
	s := h.Live()
	if h.ring.floor.Load() > 0 {
		tail = max(tail, h.ring.oldest(1).slot)
	}
	for n > 0 && s.slot > tail {
		m := h.ring.at(s.slot - 1)
		if m == nil {
			break
		}
		s.slot, s.seq = m.slot, m.seq-1
		if lane.wants(m) {
			n--
		}
	}
	return s
}

// Gone reports whether the hub cannot resume from the position that was asked for.
func (s Start) Gone() bool { return s.gone }

// At returns the position that a start stands for. A client that resumes there gets
// what the start gives, the gap of a start that is Gone included.
func (h *Hub) At(s Start) Position {
	if s.gone {
		return h.position(s.gap.from)
	}
	return h.position(s.seq)
}

// Oldest returns the oldest position that can still be resumed from. After it comes
// everything that the ring holds.
func (h *Hub) Oldest() Position {
	return h.position(max(h.ring.floor.Load(), h.numbering.Load().whole.seq))
}

// Position returns the place after the message with a sequence.
func (h *Hub) Position(seq uint64) Position { return h.position(seq) }

// position is of the current numbering. Messages that were numbered before it have
// positions of the hub's own epoch, none of which is good any more.
func (h *Hub) position(seq uint64) Position {
	if n := h.numbering.Load(); seq >= n.base {
		return Position{n.epoch, n.first + (seq - n.base)}
	}
	return Position{h.epoch, seq}
}
