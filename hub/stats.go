package hub

import "sync/atomic"

// tally counts what the hub does. Pumps add to it once a round.
type tally struct {
	joins      atomic.Uint64
	leaves     [Reasons]atomic.Uint64
	deliveries atomic.Uint64
	bytes      atomic.Uint64
	writes     atomic.Uint64
	gaps       atomic.Uint64
	saved      atomic.Uint64
	skipped    atomic.Uint64
}

// tallied is what a writer has counted and not yet added to the tally.
type tallied struct{ messages, bytes, saved, writes int }

// add counts a batch that was written whole, nil for none. A batch without bytes only
// moved a cursor and does not count.
func (t *tallied) add(b *batch) {
	if b != nil && len(b.bytes) > 0 {
		t.messages += len(b.pieces)
		t.bytes += len(b.bytes)
		t.saved += b.saved
		t.writes++
	}
}

// addAll adds what a writer has counted.
func (t *tally) addAll(n tallied) {
	t.add(n.messages, n.bytes, n.writes)
	if n.saved > 0 {
		t.saved.Add(uint64(n.saved))
	}
}

// addBatch adds a batch that was written whole, nil for none.
func (t *tally) addBatch(b *batch) {
	var n tallied
	n.add(b)
	t.addAll(n)
}

func (t *tally) add(messages, bytes, writes int) {
	if messages > 0 {
		t.deliveries.Add(uint64(messages))
	}
	if bytes > 0 {
		t.bytes.Add(uint64(bytes))
	}
	if writes > 0 {
		t.writes.Add(uint64(writes))
	}
}

// Stats is what the hub has counted since New, and its current state.
type Stats struct {
	Clients        int
	Joins          uint64
	Leaves         [Reasons]uint64 // by Reason
	Deliveries     uint64          // messages written whole, counted for each client
	DeliveredBytes uint64          // bytes that sockets have taken, control frames included
	Writes         uint64          // writes that were tried, those on full sockets included
	Gaps           uint64          // gaps that clients were told, or are about to be told
	Drainers       int             // clients with a writer of their own
	RingMessages   int
	RingBytes      int
	DeepestQueue   int // messages, at the last sweep

	Streaming  int    // clients that got frames of a stream at the last sweep
	SavedBytes uint64 // bytes that frames of streams were shorter than the format's own, frames that were cut not included
	Unstreamed uint64 // messages that no stream has, because its follower was too far behind
}

// Stats returns a snapshot of the figures, which are read one by one. Any goroutine may
// call it.
func (h *Hub) Stats() Stats {
	s := Stats{
		Clients:        h.Clients(),
		Joins:          h.tally.joins.Load(),
		Deliveries:     h.tally.deliveries.Load(),
		DeliveredBytes: h.tally.bytes.Load(),
		Writes:         h.tally.writes.Load(),
		Gaps:           h.tally.gaps.Load(),
		Drainers:       int(h.drainers.Load()),
		RingMessages:   h.ring.len(),
		RingBytes:      int(h.ring.held.Load()) + int(h.ring.extra.Load()),
		DeepestQueue:   int(h.deepest.Load()),
		Streaming:      int(h.streaming.Load()),
		SavedBytes:     h.tally.saved.Load(),
		Unstreamed:     h.tally.skipped.Load(),
	}
	for i := range s.Leaves {
		s.Leaves[i] = h.tally.leaves[i].Load()
	}
	return s
}

// Clients returns how many clients there are.
func (h *Hub) Clients() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}
