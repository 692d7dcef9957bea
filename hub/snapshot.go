package hub

import (
	"container/list"
	"slices"
	"sync"
)

// snapshot holds the newest message of each key. It follows the ring by a
// goroutine and a cursor of its own, so the publisher does not know of it (I1).
type snapshot struct {
	ring     *ring
	maxKeys  int
	maxBytes int
	wake     chan struct{} // one slot; never closed

	// guarded by mu
	mu    sync.Mutex
	byKey map[string]*list.Element // of *Message
	order list.List                // oldest first, so in the order of sequences
	bytes int
	start Start // behind the last message taken in
}

func newSnapshot(r *ring, keys, bytes int) *snapshot {
	return &snapshot{ring: r, maxKeys: keys, maxBytes: bytes, wake: make(chan struct{}, 1),
		byKey: make(map[string]*list.Element), start: Start{slot: 1}}
}

// follow takes messages in until done is closed.
func (s *snapshot) follow(done <-chan struct{}) {
	for {
		s.catchUp()
		select {
		case <-s.wake:
		case <-done:
			return
		}
	}
}

// catchUpEvery bounds how many messages are taken in with the lock held.
const catchUpEvery = 256

func (s *snapshot) catchUp() {
	for s.takeIn(catchUpEvery) {
	}
}

// takeIn takes in up to n messages and reports whether there are more.
func (s *snapshot) takeIn(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		if s.start.slot > s.ring.head.Load() {
			return false
		}
		m := s.ring.at(s.start.slot)
		if m == nil {
			s.beginAnewLocked()
			continue
		}
		s.putLocked(m)
		s.start = Start{slot: m.slot + 1, seq: m.seq}
	}
	return true
}

func (s *snapshot) putLocked(m *Message) {
	if e := s.byKey[m.key]; e != nil {
		s.removeLocked(e)
	}
	s.byKey[m.key] = s.order.PushBack(m)
	s.bytes += int(m.size())
	for s.order.Len() > s.maxKeys || s.bytes > s.maxBytes && s.order.Len() > 1 {
		s.removeLocked(s.order.Front())
	}
}

// beginAnewLocked forgets everything: the ring has lapped the snapshot, so that
// any message in it may have been replaced by one that nobody saw.
func (s *snapshot) beginAnewLocked() {
	clear(s.byKey)
	s.order.Init()
	s.bytes, s.start = 0, s.ring.oldest(0)
}

func (s *snapshot) removeLocked(e *list.Element) {
	m := s.order.Remove(e).(*Message)
	delete(s.byKey, m.key)
	s.bytes -= int(m.size())
}

// newestFrom returns the newest message of each key that a filter lets through, of
// those from a slot on, in the order of their sequences, and the start behind them:
// no hole between the two, and nothing twice.
func (s *snapshot) newestFrom(slot uint64, f *Filter) (messages []*Message, to Start) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.order.Back(); e != nil; e = e.Prev() {
		m := e.Value.(*Message)
		if m.slot < slot {
			break
		}
		if f.Match(m.key) {
			messages = append(messages, m)
		}
	}
	slices.Reverse(messages)
	return messages, s.start
}

// prelude is what a client gets before what stands at its cursor: a snapshot, or
// what conflation left of its backlog. It is immutable; progress makes a new one.
type prelude struct {
	messages []*Message // never empty
	end      uint64     // sequence of the message before the cursor
}

// HasSnapshot reports whether the hub keeps one.
func (h *Hub) HasSnapshot() bool { return h.snapshot != nil }

// Snapshot returns the newest message of each key that a filter lets through, in
// the order of their sequences, and the position behind them. Without a snapshot
// it returns nothing and the live position.
func (h *Hub) Snapshot(f *Filter) ([]*Message, Position) {
	if h.snapshot == nil {
		return nil, h.At(h.Live())
	}
	messages, to := h.snapshotOf(f)
	return messages, h.position(to.seq)
}

// snapshotOf returns the snapshot's messages that a filter lets through, and the
// start behind them. Right before a seam that is behind the seam: in between there
// is nothing to be missed, and a position before it is gone.
func (h *Hub) snapshotOf(f *Filter) (messages []*Message, to Start) {
	messages, to = h.snapshot.newestFrom(0, f)
	if whole := h.numbering.Load().whole; to.slot >= whole.slot && to.seq < whole.seq {
		to.seq = whole.seq
	}
	return messages, to
}
