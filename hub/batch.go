package hub

// batchBytes bounds the bytes of one write. Only a single frame may be longer.
const batchBytes = 64 << 10

// batchScan bounds the messages that one batch looks at, since a filter may want none
// of very many.
const batchScan = 4096

// batch is a run of frames of one lane as one slice of bytes, from a cursor on. It has
// no bytes if the lane wants nothing of the run. A pump caches batches for a pass and
// writes the same batch to every client at the same place. A drainer has a batch of its
// own.
type batch struct {
	lane    *Lane
	prelude *prelude // what the batch was made from, nil for the ring
	from    uint64   // slot of the first message
	next    uint64   // slot after the last message
	head    uint64   // the head when the batch was filled
	seq     uint64   // sequence of the last message that was looked at
	bytes   []byte   // all frames: either the only frame itself, or buf
	saved   int      // bytes that the frames of the stream saved
	store

	// For a lane with a stream: the epoch of the first message, 0 for none, and whether
	// the batch is for clients that have this epoch from its beginning.
	streams bool
	epoch   uint64
	joined  bool
	left    uint64 // slot after the last message that has no place in the stream: after it the batch's clients have left the epoch
}

// store is the memory of a batch. The batch of a lane borrows it.
type store struct {
	pieces []piece
	buf    []byte
}

// piece is one frame of a batch.
type piece struct {
	slot  uint64
	seq   uint64
	frame []byte
}

// span is a run of slots that a client lacks, and what is known about them.
type span struct {
	from       uint64 // slot of the first message
	head       uint64 // slot of the last message
	skipTo     uint64 // the lane wants nothing before this slot
	streamFrom uint64 // see Client.streamFrom; 0 in lanes without a stream
}

// fill makes b the lane's frames of a span: as many as fit in batchBytes, but at least
// one. It reports false if the ring has dropped the first slot of the span.
func (b *batch) fill(r *ring, lane *Lane, s span) bool {
	b.forget()
	b.lane, b.from, b.next, b.head = lane, s.from, s.from, s.head
	b.enter(r, s.streamFrom)
	if s.skipTo > s.from {
		if seq, ok := r.before(s.skipTo); ok {
			b.next, b.seq = s.skipTo, seq
		}
	}
	for size := 0; b.next <= min(s.head, s.from+batchScan-1); b.next++ {
		m := r.at(b.next)
		if m == nil {
			break
		}
		if lane.wants(m) {
			var frame []byte
			saved, off := 0, false
			if lane.stream == nil { // fast path
				frame = m.encoded(lane.format, r)
			} else {
				frame, saved, off = lane.streamFrame(m, s.streamFrom, r)
			}
			if size += len(frame); size > batchBytes && len(b.pieces) > 0 {
				break
			}
			b.pieces = append(b.pieces, piece{m.slot, m.seq, frame})
			if b.saved += saved; off {
				s.streamFrom = m.slot + 1
				b.left = s.streamFrom
			}
		}
		b.seq = m.seq
	}
	b.join()
	return b.next > s.from
}

// enter notes which clients a batch of a lane with a stream is for.
func (b *batch) enter(r *ring, streamFrom uint64) {
	b.streams, b.epoch = b.lane.stream != nil, 0
	if b.streams {
		if m := r.at(b.from); m != nil {
			if e := m.streamed(b.lane.stream); e != nil {
				b.epoch = e.epoch
			}
		}
	}
	b.joined = streamFrom <= b.epoch
}

// serves reports whether these bytes are right for a client at b.from that has got
// everything from slot streamFrom on. The answer depends on the first message alone:
// epochs are runs of slots, and streamFrom is not after b.from, so every epoch that
// begins inside the batch begins after streamFrom as well.
func (b *batch) serves(streamFrom uint64) bool { return (streamFrom <= b.epoch) == b.joined }

// fillPrelude makes b the frames of a prelude, as many as fit in batchBytes. The cursor
// stays where it is. The frames do not belong to the stream (I7).
func (b *batch) fillPrelude(r *ring, lane *Lane, d *prelude, cursor uint64) {
	b.forget()
	b.lane, b.prelude, b.from, b.next, b.streams = lane, d, cursor, cursor, false
	size := 0
	for _, m := range d.messages {
		frame := m.encoded(lane.format, r)
		if size += len(frame); size > batchBytes && len(b.pieces) > 0 {
			break
		}
		b.pieces, b.seq = append(b.pieces, piece{m.slot, m.seq, frame}), m.seq
	}
	b.join()
}

// join makes the bytes of the pieces. A single frame is not copied, whatever its size.
func (b *batch) join() {
	if len(b.pieces) == 1 {
		b.bytes = b.pieces[0].frame
		return
	}
	for _, p := range b.pieces {
		b.buf = append(b.buf, p.frame...)
	}
	b.bytes = b.buf
}

// stale reports whether the batch could hold more by now: it ended at the head, and the
// head has moved.
func (b *batch) stale(head uint64) bool { return b.next > b.head && head > b.head }

// cut tells where a write of n bytes stopped: how many frames went out whole, and what
// is left of the frame that was cut (nil at a boundary). The rest is a slice of the
// shared frame, never of the batch's own buffer.
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

// forget empties b and releases the messages, so that an idle batch keeps none alive
// and a cache does not find it.
func (b *batch) forget() {
	clear(b.pieces) // what lies after its length was cleared before
	b.pieces, b.buf = b.pieces[:0], b.buf[:0]
	b.lane, b.prelude, b.bytes, b.saved, b.left = nil, nil, nil, 0, 0
}

// batchCache holds the batches for the walk over one group, and for the walks after a
// pass. Most clients of a lane stand at the same place: the lane has a batch for them,
// and a few shared batches serve the others.
type batchCache struct {
	pump   int      // index of the pump that owns the cache
	lent   []*batch // lanes' batches in use; a batch may stand here twice
	free   []store  // stores of lanes' batches that are not in use
	shared [8]batch
	used   int // number of shared batches in use
	victim int // the shared batch that is replaced next, once all are in use
}

// get returns the lane's batch of a span, nil if there is nothing to send. It reports
// false if the ring has dropped the first slot of the span. A slot after the head is
// not dropped.
func (bc *batchCache) get(r *ring, lane *Lane, s span) (b *batch, held bool) {
	if s.from > s.head {
		return nil, true
	}
	b = bc.find(lane, s.from, s.streamFrom)
	if b.lane == lane && !b.stale(s.head) { // fast path
		return b, true
	}
	if !b.fill(r, lane, s) {
		b.forget() // or the next client at this slot would find an empty batch
		return nil, false
	}
	return b, true
}

// find returns the lane's batch from a slot on, or an empty batch.
func (bc *batchCache) find(lane *Lane, from, streamFrom uint64) *batch {
	b := &lane.batches[bc.pump]
	if b.lane == nil {
		bc.lend(b)
		return b
	}
	if b.from == from && b.serves(streamFrom) { // fast path
		return b
	}
	for i := range bc.shared[:bc.used] {
		if b := &bc.shared[i]; b.from == from && b.lane == lane && b.prelude == nil && b.serves(streamFrom) {
			return b
		}
	}
	return bc.take()
}

// freeMost bounds the stores that a pump keeps. It needs one, and more only for the
// lanes of clients that it visits between two passes.
const freeMost = 16

// lend notes that a lane's batch is in use, and gives it a store.
func (bc *batchCache) lend(b *batch) {
	bc.lent = append(bc.lent, b)
	if last := len(bc.free) - 1; b.pieces == nil && last >= 0 {
		b.store, bc.free[last] = bc.free[last], store{}
		bc.free = bc.free[:last]
	}
}

// takeBack empties a lane's batch and keeps its store for others: an idle lane holds no
// store, however many lanes there are.
func (bc *batchCache) takeBack(b *batch) {
	b.forget()
	if b.pieces != nil && len(bc.free) < freeMost {
		bc.free = append(bc.free, b.store)
	}
	b.store = store{}
}

// take returns an empty shared batch.
func (bc *batchCache) take() *batch {
	if bc.used < len(bc.shared) {
		bc.used++
		return &bc.shared[bc.used-1]
	}
	bc.victim = (bc.victim + 1) % len(bc.shared)
	bc.shared[bc.victim].forget()
	return &bc.shared[bc.victim]
}

// prelude returns a shared batch of a client's prelude. No other client will find it.
func (bc *batchCache) prelude(r *ring, lane *Lane, d *prelude, cursor uint64) *batch {
	b := bc.take()
	b.fillPrelude(r, lane, d, cursor)
	return b
}

// reset ends the use of all batches.
func (bc *batchCache) reset() {
	for _, b := range bc.lent {
		bc.takeBack(b)
	}
	clear(bc.lent)
	bc.lent = bc.lent[:0]
	for i := range bc.shared[:bc.used] {
		bc.shared[i].forget()
	}
	bc.used = 0
}
