package hub

// batchBytes bounds the bytes of one write, save for a single longer frame.
const batchBytes = 64 << 10

// batchScan bounds the messages that one batch looks at: a filter may want none
// of very many.
const batchScan = 4096

// batch is a run of frames of one lane, from a cursor on, as one slice of
// bytes. It is without bytes if the lane wants nothing of the run. A pump caches
// batches for a pass and writes the same one to every client that stands at the
// same place; a drainer has its own.
type batch struct {
	lane    *Lane
	prelude *prelude // what it was made of instead, nil for the ring
	from    uint64   // slot of the first message
	next    uint64   // slot behind the last
	head    uint64   // head when it was filled
	seq     uint64   // sequence of the last message looked at
	bytes   []byte   // all frames: the only frame itself, or buf
	saved   int      // bytes that its stream's frames saved
	store

	// Of a lane with a stream: the epoch of the first message, 0 for none, and
	// whether the batch is for clients that have that epoch from its beginning.
	streams bool
	epoch   uint64
	joined  bool
	left    uint64 // slot behind the last message that the stream has no place for: its clients have none of that epoch any more
}

// store is the room that a batch is made in. A lane's batch borrows it.
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

// span is what a client lacks: a run of slots, and what is known about it.
type span struct {
	from       uint64 // slot of the first message
	head       uint64 // slot of the last
	skipTo     uint64 // the lane wants nothing from slot from up to before this one
	streamFrom uint64 // see Client.streamFrom; 0 in lanes without a stream
}

// fill makes b the lane's frames of a span, as many as batchBytes hold but at least
// one. It reports false if the span's first slot was lapped.
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

// serves reports whether a client at b.from that has all from slot streamFrom on gets
// these bytes. That hangs on the first message alone: epochs are runs of slots,
// so one that begins behind it begins behind streamFrom as well, which is not behind
// b.from.
func (b *batch) serves(streamFrom uint64) bool { return (streamFrom <= b.epoch) == b.joined }

// fillPrelude makes b the frames of a prelude, as many as batchBytes hold. The
// cursor stays where it is. They are none of the stream's (I7).
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

// join makes the bytes of the pieces; a single frame is not copied, whatever
// its size.
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
	b.lane, b.prelude, b.bytes, b.saved, b.left = nil, nil, nil, 0, 0
}

// batchCache holds the batches of one group's walk, or of the walks behind a
// pass. Most of a lane's clients stand at
// the same place: the lane has a batch for them, and a few shared ones serve
// those who do not.
type batchCache struct {
	pump   int      // index of the pump that it is for
	lent   []*batch // lanes' batches in use; one may stand here twice
	free   []store  // those of lanes' batches that are not in use
	shared [8]batch
	used   int // shared ones in use
	victim int // the shared one to be replaced next, once all are in use
}

// get returns the lane's batch of a span, nil if there is nothing to send, and
// whether the span's first slot is still held (one behind the head counts as held).
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

// find returns the batch that is the lane's from that slot on, or an empty one.
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

// freeMost bounds the stores that a pump keeps: it needs one, but for the lanes of
// those it visits between two passes.
const freeMost = 16

// lend notes that a lane's batch is in use, and gives it a store.
func (bc *batchCache) lend(b *batch) {
	bc.lent = append(bc.lent, b)
	if last := len(bc.free) - 1; b.pieces == nil && last >= 0 {
		b.store, bc.free[last] = bc.free[last], store{}
		bc.free = bc.free[:last]
	}
}

// takeBack empties a lane's batch. Its store goes to others: a lane that rests
// keeps none, however many lanes there are.
func (bc *batchCache) takeBack(b *batch) {
	b.forget()
	if b.pieces != nil && len(bc.free) < freeMost {
		bc.free = append(bc.free, b.store)
	}
	b.store = store{}
}

// take returns a shared batch, empty.
func (bc *batchCache) take() *batch {
	if bc.used < len(bc.shared) {
		bc.used++
		return &bc.shared[bc.used-1]
	}
	bc.victim = (bc.victim + 1) % len(bc.shared)
	bc.shared[bc.victim].forget()
	return &bc.shared[bc.victim]
}

// prelude returns a shared batch of a client's prelude, which nobody else will
// find.
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
