package hub

// Start is where a client begins. It stays good while the messages behind it
// are held: a client that joins with one that was lapped meanwhile leaves as
// Slow. The zero Start is the beginning of the feed.
type Start struct {
	slot uint64 // of the first message to be sent
	seq  uint64 // of the message before it
	gone bool
}

// Live returns the start behind the newest message.
func (h *Hub) Live() Start {
	m := h.ring.newest()
	if m == nil {
		return Start{slot: 1}
	}
	return Start{slot: m.slot + 1, seq: m.seq}
}

// Resume returns the start behind a position. If that is no longer held, was
// never reached, or is of another epoch, the start is Gone: a client that joins
// with it is told so and gets nothing else.
func (h *Hub) Resume(at Position) Start {
	reached := at.Seq <= h.Live().seq // before the search: what comes meanwhile is not reached
	slot, held := h.ring.since(at.Seq)
	if !held || at.Epoch != h.epoch || !reached {
		return Start{slot: slot, gone: true}
	}
	return Start{slot: slot, seq: at.Seq}
}

// Gone reports whether the position asked for is not held.
func (s Start) Gone() bool { return s.gone }

// At returns the position that a start stands for.
func (h *Hub) At(s Start) Position { return h.position(s.seq) }

// Oldest returns the oldest position that can still be resumed from: what comes
// behind it is all that the ring holds.
func (h *Hub) Oldest() Position { return h.position(h.ring.floor.Load()) }

func (h *Hub) position(seq uint64) Position { return Position{h.epoch, seq} }
