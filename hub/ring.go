package hub

import "sync/atomic"

// ring holds the newest messages, bounded by count and bytes. It is the live buffer and
// the history for resuming clients at once. An eighth of the bytes is reserved for
// encodings, so that making one never pushes a message out. Publishing and reading are
// lock-free: a reader loads a slot's pointer, and the message's own slot number tells
// whether the reader was lapped. Messages are immutable and the garbage collector keeps
// them alive, so nothing is read while it is written.
type ring struct {
	// static after init
	slots    []atomic.Pointer[Message]
	mask     uint64
	maxCount uint64
	maxBytes uint64 // of messages
	maxExtra int64  // bytes of cached encodings

	// owned by the publisher
	bytes uint64 // size of the messages from tail to head
	warm  uint64 // slot of the oldest message that may have encodings

	// written by the publisher, read by all
	head  atomic.Uint64 // slot of the newest message, 0 before the first
	tail  atomic.Uint64 // slot of the oldest message
	floor atomic.Uint64 // sequence of the newest message that was dropped
	held  atomic.Uint64 // bytes, for the metrics

	extra atomic.Int64 // bytes of cached encodings; encoders add to it, the publisher takes off it
}

func (r *ring) init(count, bytes int) {
	size := uint64(1)
	for size < uint64(count) {
		size <<= 1
	}
	r.slots, r.mask = make([]atomic.Pointer[Message], size), size-1
	r.maxExtra = int64(bytes) / 8
	r.maxCount, r.maxBytes = uint64(count), uint64(bytes)-uint64(r.maxExtra)
	r.tail.Store(1)
	r.warm = 1
}

// publish gives m the next slot, drops what exceeds the bounds, and only then shows m
// to the readers. The newest message is always kept, whatever its size.
func (r *ring) publish(m *Message) {
	head := r.head.Load()
	m.slot, m.total = head+1, m.size()
	if head > 0 {
		m.total += r.at(head).total
	}
	r.bytes += m.size()
	for tail := r.tail.Load(); tail <= head; tail++ {
		if m.slot-tail < r.maxCount && r.bytes <= r.maxBytes {
			break
		}
		r.drop(tail)
	}
	r.cool(head)
	r.held.Store(r.bytes)
	r.slots[m.slot&r.mask].Store(m)
	r.head.Store(m.slot)
}

// drop stores the floor and the tail before it takes the message away, so that a reader
// that finds an empty slot also finds the reason.
func (r *ring) drop(slot uint64) {
	m := r.at(slot)
	r.bytes -= m.size()
	if slot == r.warm {
		m.strip(r)
		r.warm++
	}
	r.floor.Store(m.seq)
	r.tail.Store(slot + 1)
	r.slots[slot&r.mask].Store(nil)
}

// coolAtMost bounds the messages that one publish takes encodings from.
const coolAtMost = 64

// cool takes the encodings from the oldest messages that may have any, up to head,
// until a quarter of the room for encodings is free for the newest messages.
func (r *ring) cool(head uint64) {
	for n := 0; n < coolAtMost && r.warm <= head && r.extra.Load() > r.maxExtra/4*3; n++ {
		r.at(r.warm).strip(r)
		r.warm++
	}
}

// at returns the message of a slot, nil if it was dropped or is not there yet.
func (r *ring) at(slot uint64) *Message {
	if m := r.slots[slot&r.mask].Load(); m != nil && m.slot == slot {
		return m
	}
	return nil
}

// before returns the sequence of the message before a slot, which may be the newest
// that was dropped. It reports whether that sequence is still known.
func (r *ring) before(slot uint64) (seq uint64, ok bool) {
	if m := r.at(slot - 1); m != nil {
		return m.seq, true
	}
	// The floor was stored before that message went. It is that message's sequence,
	// unless the message of the slot is going as well.
	floor, m := r.floor.Load(), r.at(slot)
	return floor, m != nil && floor < m.seq
}

// newest returns the newest message, nil before the first.
func (r *ring) newest() *Message {
	for {
		head := r.head.Load()
		if head == 0 {
			return nil
		}
		if m := r.at(head); m != nil { // nil only if head was dropped meanwhile
			return m
		}
	}
}

// after returns the first slot after sequence seq. It reports whether everything after
// seq is still held. It is a binary search over public sequences, which rise but may
// have holes. A slot that is dropped meanwhile counts as too old.
func (r *ring) after(seq uint64) (slot uint64, ok bool) {
	lo, hi := r.tail.Load(), r.head.Load()+1
	for lo < hi {
		mid := lo + (hi-lo)/2
		if m := r.at(mid); m == nil || m.seq <= seq {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	// The floor is read last: if a message after seq had been dropped during the
	// search, it would show here.
	return lo, seq >= r.floor.Load()
}

// oldest returns the start before the oldest message, or before a later one: as many
// sixteenths of the ring further on. The oldest messages are dropped first.
func (r *ring) oldest(sixteenths uint64) Start {
	for {
		tail, head := r.tail.Load(), r.head.Load()
		if tail > head { // nothing is held, or nothing is shown yet
			if seq := r.floor.Load(); tail > r.head.Load() {
				return Start{slot: tail, seq: seq}
			}
			continue
		}
		if m := r.at(tail + (head-tail)*sixteenths/16); m != nil { // nil: it was dropped meanwhile
			return Start{slot: m.slot, seq: m.seq - 1}
		}
	}
}

// len returns how many messages the ring holds.
func (r *ring) len() int {
	tail, head := r.tail.Load(), r.head.Load() // tail first: it never passes head
	return int(head + 1 - tail)
}
