package hub

// Start is where a client begins. It stays good while the messages behind it
// are held: a client that joins with one that was lapped meanwhile leaves as
// Slow. The zero Start is the beginning of the feed.
type Start struct {
	slot uint64 // of the first message to be sent, behind those of the prelude
	seq  uint64 // of the message before it, or before the prelude's first

	prelude *prelude // to be sent first, nil for nothing

	gone bool
	gap  gap // if gone: what is told to a client that has notices

	movable bool // it begins with the oldest message held; once lapped, a client with notices begins later
}

// Live returns the start behind the newest message.
func (h *Hub) Live() Start {
	whole := h.numbering.Load().whole // before the newest message, which may be behind it
	if m := h.ring.newest(); m != nil && m.slot >= whole.slot {
		return Start{slot: m.slot + 1, seq: m.seq}
	}
	return whole
}

// Newest returns the start that begins with the newest message of each key that
// the lane wants, and goes on live behind them: no hole between the two, and
// nothing twice. Its position is the one before the first of them: who breaks off
// at once and resumes there gets them, or is told that it is gone. Without a
// snapshot Newest is Live. The messages stay alive with the start, so it is to be
// used or dropped soon.
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

// Resume returns the start behind a position. If that is no longer held, was
// never reached, is of another epoch, or lies before what Adopt was told to be
// missing, the start is Gone: a client that has
// notices is told the gap and gets all that is held; another is closed as Gone
// and gets nothing.
func (h *Hub) Resume(at Position) Start {
	n := h.numbering.Load()
	seq, ours := n.sequence(at)
	reached := seq <= h.Live().seq // before the search: what comes meanwhile is not reached
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

// Last returns the start before the newest n messages that the lane wants, or
// before all that is held, without something missing between, if there are fewer.
// Once the ring drops messages, its
// oldest sixteenth does not count: it would be gone before a client has joined.
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

// Gone reports whether the position asked for is not held.
func (s Start) Gone() bool { return s.gone }

// At returns the position that a start stands for: who resumes there gets what
// the start gives, the gap of one that is gone included.
func (h *Hub) At(s Start) Position {
	if s.gone {
		return h.position(s.gap.from)
	}
	return h.position(s.seq)
}

// Oldest returns the oldest position that can still be resumed from: what comes
// behind it is all that the ring holds.
func (h *Hub) Oldest() Position {
	return h.position(max(h.ring.floor.Load(), h.numbering.Load().whole.seq))
}

// Position returns the place behind the message of a sequence.
func (h *Hub) Position(seq uint64) Position { return h.position(seq) }

// position is of the present numbering. What was numbered before it has positions
// of the hub's own epoch, none of which is good any more.
func (h *Hub) position(seq uint64) Position {
	if n := h.numbering.Load(); seq >= n.base {
		return Position{n.epoch, n.first + (seq - n.base)}
	}
	return Position{h.epoch, seq}
}
