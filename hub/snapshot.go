package hub

import (
	"container/list"
	"slices"
	"sync"
)

// snapshot holds the newest message of each key. It follows the ring with a goroutine
// and a cursor of its own, so the publisher does not wait for it (I1).
type snapshot struct {
	ring     *ring
	maxKeys  int
	maxBytes int
	wake     chan struct{} // one slot; never closed

	// guarded by mu
	mu    sync.Mutex
	byKey map[string]*list.Element // of *Message
	order list.List                // oldest first, which is the order of sequences
	bytes int
	start Start // after the last message that was taken in
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

// catchUpEvery bounds the messages that are taken in while the lock is held.
const catchUpEvery = 256

func (s *snapshot) catchUp() {
	for s.takeIn(catchUpEvery) {
	}
}

// takeIn takes in up to n messages. It reports whether there are more.
func (s *snapshot) takeIn(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		if s.start.slot > s.ring.head.Load() {
			return false
		}
		m := s.ring.at(s.start.slot)
		if m == nil {
			s.startOverLocked()
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

// startOverLocked forgets everything. The ring has lapped the snapshot, so a message
// that nobody saw may have replaced any message in it.
func (s *snapshot) startOverLocked() {
	clear(s.byKey)
	s.order.Init()
	s.bytes, s.start = 0, s.ring.oldest(0)
}

func (s *snapshot) removeLocked(e *list.Element) {
	m := s.order.Remove(e).(*Message)
	delete(s.byKey, m.key)
	s.bytes -= int(m.size())
}

// newestFrom returns the newest message of each key that a filter lets through, from a
// slot on and in the order of their sequences. It also returns the start after them.
// There is no hole between the two, and nothing comes twice.
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

// prelude holds the messages that a client gets before the message at its cursor: a
// snapshot, or the rest of its backlog after conflation. It is immutable; progress
// makes a new one.
type prelude struct {
	messages []*Message // never empty
	end      uint64     // sequence of the message before the cursor
}

// HasSnapshot reports whether the hub keeps a snapshot.
func (h *Hub) HasSnapshot() bool { return h.snapshot != nil }

// Snapshot returns the newest message of each key that a filter lets through, in the
// order of their sequences, and the position after them. Without a snapshot it returns
// nothing and the live position. Any goroutine may call it.
func (h *Hub) Snapshot(f *Filter) ([]*Message, Position) {
	if h.snapshot == nil {
		return nil, h.At(h.Live())
	}
	messages, to := h.snapshotOf(f)
	return messages, h.position(to.seq)
}

// snapshotOf returns the snapshot's messages that a filter lets through, and the start
// after them. If that start is right before a break in the numbering, it is moved past
// the break: nothing is missing between the two, and a position before the break is
// gone.
func (h *Hub) snapshotOf(f *Filter) (messages []*Message, to Start) {
	messages, to = h.snapshot.newestFrom(0, f)
	if whole := h.numbering.Load().whole; to.slot >= whole.slot && to.seq < whole.seq {
		to.seq = whole.seq
	}
	return messages, to
}
