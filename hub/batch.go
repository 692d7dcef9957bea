package hub

// batchBytes bounds the bytes of one write, save for a single longer frame.
const batchBytes = 64 << 10

// batch is a run of frames of one lane, from a cursor on, as one slice of
// bytes. A pump caches batches for a pass and writes the same one to every
// client that stands at the same place; a drainer has its own.
type batch struct {
	lane   Lane
	from   uint64 // slot of the first message
	next   uint64 // slot behind the last
	head   uint64 // head when it was filled
	seq    uint64 // sequence of the last
	bytes  []byte // all frames: the only frame itself, or buf
	pieces []piece
	buf    []byte
}

// piece is one frame of a batch.
type piece struct {
	seq   uint64
	frame []byte
}

// fill makes b the lane's frames from slot from up to head, as many as
// batchBytes hold but at least one. It reports false if from was lapped.
func (b *batch) fill(r *ring, lane Lane, from, head uint64) bool {
	b.forget()
	b.lane, b.from, b.next, b.head = lane, from, from, head
	size := 0
	for ; b.next <= head; b.next++ {
		m := r.at(b.next)
		if m == nil {
			break
		}
		frame := lane.Encode(m)
		if size += len(frame); size > batchBytes && len(b.pieces) > 0 {
			break
		}
		b.pieces, b.seq = append(b.pieces, piece{m.seq, frame}), m.seq
	}
	return b.join()
}

func (b *batch) join() bool {
	switch len(b.pieces) {
	case 0:
		b.bytes = nil
		return false
	case 1: // no copy, whatever its size
		b.bytes = b.pieces[0].frame
	default:
		for _, p := range b.pieces {
			b.buf = append(b.buf, p.frame...)
		}
		b.bytes = b.buf
	}
	return true
}

// stale reports whether more could be in the batch by now: it ended at the
// head, and the head has moved.
func (b *batch) stale(head uint64) bool { return b.next > b.head && head > b.head }

// cut tells where a write of n bytes stopped: how many frames went out whole,
// and of the frame it stopped inside, what is left (nil at a boundary). The
// rest is a slice of the shared frame, never of the batch's own buffer.
func (b *batch) cut(n int) (whole int, rest []byte) {
	for i, p := range b.pieces {
		if n < len(p.frame) {
			if n > 0 {
				rest = p.frame[n:]
			}
			return i, rest
		}
		n -= len(p.frame)
	}
	return len(b.pieces), nil
}

// forget empties b and lets go of the messages, so that a resting batch keeps
// none alive and a cache does not find it.
func (b *batch) forget() {
	clear(b.pieces) // what lies behind its length was cleared before
	b.pieces, b.buf = b.pieces[:0], b.buf[:0]
	b.lane, b.bytes = nil, nil
}

// batchCache holds the batches of one pass. Most clients stand at the same
// place, so the first entry nearly always answers.
type batchCache struct {
	entries [8]batch
	used    int // entries in use
	victim  int // the entry to be replaced next, once all are in use
}

// get returns the lane's batch from a slot on, nil if there is nothing to send,
// and whether the slot is still held (a slot behind the head counts as held).
func (bc *batchCache) get(r *ring, lane Lane, from, head uint64) (b *batch, held bool) {
	if from > head {
		return nil, true
	}
	b = bc.find(lane, from)
	if b != nil && !b.stale(head) { // fast path
		return b, true
	}
	if b == nil {
		b = bc.take()
	}
	if !b.fill(r, lane, from, head) {
		b.forget() // or the next client at this slot would find an empty batch
		return nil, false
	}
	return b, true
}

func (bc *batchCache) find(lane Lane, from uint64) *batch {
	for i := range bc.entries[:bc.used] {
		if b := &bc.entries[i]; b.from == from && b.lane == lane {
			return b
		}
	}
	return nil
}

func (bc *batchCache) take() *batch {
	if bc.used < len(bc.entries) {
		bc.used++
		return &bc.entries[bc.used-1]
	}
	bc.victim = (bc.victim + 1) % len(bc.entries)
	return &bc.entries[bc.victim]
}

func (bc *batchCache) reset() {
	for i := range bc.entries[:bc.used] {
		bc.entries[i].forget()
	}
	bc.used = 0
}
