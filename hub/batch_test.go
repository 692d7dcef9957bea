package hub

import (
	"bytes"
	"testing"
	"unsafe"
)

func filled(t *testing.T, sizes ...int) (*fixture, *batch) {
	f, b := still(t, Config{}), new(batch)
	for _, n := range sizes {
		f.say(1, n)
	}
	if !b.fill(&f.ring, f.lane, span{from: 1, head: f.ring.head.Load()}) {
		t.Fatal("fill found nothing")
	}
	return f, b
}

func TestBatchFill(t *testing.T) {
	const k = 1 << 10
	tests := []struct {
		name  string
		sizes []int
		next  uint64
	}{
		{"one", []int{100}, 2},
		{"all that fits", []int{10, 20, 30}, 4},
		{"up to 64 KiB", []int{30 * k, 30 * k, 30 * k}, 3},
		{"exactly 64 KiB", []int{32*k - testHeaderLen, 32*k - testHeaderLen, 8}, 3},
		{"a longer one alone", []int{200 * k, 10}, 2},
		{"a longer one not behind another", []int{10, 200 * k}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, b := filled(t, tt.sizes...)
			if b.next != tt.next || b.seq != tt.next-1 {
				t.Fatalf("next %d after sequence %d, want %d after %d", b.next, b.seq, tt.next, tt.next-1)
			}
			decode(t, b.bytes).mustHave(t, 1, tt.next-1)
		})
	}
}

// All clients that get a large message share it; it is never copied for one.
func TestBatchDoesNotCopySingleFrame(t *testing.T) {
	f, b := filled(t, 1<<20)
	if unsafe.SliceData(b.bytes) != unsafe.SliceData(f.ring.at(1).frame) {
		t.Fatal("the only frame of a batch was copied")
	}
}

func TestBatchOfLappedSlot(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}})
	f.say(10, 8)
	if b := new(batch); b.fill(&f.ring, f.lane, span{from: 3, head: 10}) {
		t.Fatalf("filled from a slot that is gone: %+v", b)
	}
}

// Of what a lane does not want all may be gone, up to the first message that it may
// want.
func TestBatchOfLappedSlotsThatAreClear(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}})
	f.Adopt("stream", 0)
	f.number(10, 20, 30, 40, 50, 60, 70, 80, 90, 100) // slots 7 to 10 are held
	base := f.numbering.Load().base
	for skipTo, held := range map[uint64]bool{5: false, 6: false, 7: true, 8: true} {
		b := new(batch)
		if got := b.fill(&f.ring, f.lane, span{from: 3, skipTo: skipTo, head: 10}); got != held || got && b.next != 11 {
			t.Errorf("unwanted up to %d: held %v, next %d", skipTo, got, b.next)
		}
		if seq, ok := f.ring.before(skipTo); ok != held || ok && seq != base+10*(skipTo-1) {
			t.Errorf("before slot %d: %d, known %v", skipTo, seq, ok)
		}
	}
	b := new(batch)
	if !b.fill(&f.ring, f.lane, span{from: 3, skipTo: 7, head: 6}) || b.next != 7 || b.seq != base+60 {
		t.Errorf("up to an older head: next %d behind %d", b.next, b.seq)
	}
	f.ring.floor.Store(f.ring.at(7).seq) // it is being dropped
	if b.fill(&f.ring, f.lane, span{from: 3, skipTo: 7, head: 10}) {
		t.Error("filled though the message before is not known")
	}
}

// The rest of a cut frame is a slice of the message's own frame: the batch's buffer is
// used again while the client still holds the rest (I2).
func TestBatchCut(t *testing.T) {
	f, b := filled(t, 10, 20, 30)
	a := len(f.ring.at(1).frame)
	ab := a + len(f.ring.at(2).frame)
	tests := []struct {
		name         string
		n, whole     int
		slot, offset int // of the rest
	}{
		{"nothing", 0, 0, 0, 0},
		{"one byte", 1, 0, 1, 1},
		{"all but one of the first", a - 1, 0, 1, a - 1},
		{"the first", a, 1, 0, 0},
		{"into the second", a + 3, 1, 2, 3},
		{"two", ab, 2, 0, 0},
		{"all", len(b.bytes), 3, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole, rest := b.cut(tt.n)
			if whole != tt.whole || (rest != nil) != (tt.slot > 0) {
				t.Fatalf("cut(%d) = %d, %d bytes; want %d, rest %v", tt.n, whole, len(rest), tt.whole, tt.slot > 0)
			}
			if tt.slot > 0 && &rest[0] != &f.ring.at(uint64(tt.slot)).frame[tt.offset] {
				t.Error("the rest is not a slice of the message's frame")
			}
		})
	}
}

func TestBatchStale(t *testing.T) {
	f, b := filled(t, 10, 20)
	if b.stale(2) {
		t.Error("stale while the head stands still")
	}
	if !b.stale(3) {
		t.Error("not stale though it ended at a head that has moved")
	}
	f.say(1, batchBytes)
	if b.fill(&f.ring, f.lane, span{from: 1, head: 3}); b.stale(4) {
		t.Error("stale though it was full before it came to the head")
	}
}

func TestBatchForgets(t *testing.T) {
	_, b := filled(t, 10, 20, 30)
	b.forget()
	for _, p := range b.pieces[:cap(b.pieces)] {
		if p.frame != nil {
			t.Fatal("a resting batch keeps a frame alive")
		}
	}
}

func TestBatchCacheShares(t *testing.T) {
	f := still(t, Config{})
	f.say(3, 100)
	var bc batchCache
	first, _ := bc.get(&f.ring, f.lane, span{from: 1, head: 3})
	second, _ := bc.get(&f.ring, f.lane, span{from: 1, head: 3})
	if first != second {
		t.Error("two batches for one lane and slot")
	}
	if b, held := bc.get(&f.ring, f.lane, span{from: 4, head: 3}); b != nil || !held {
		t.Errorf("behind the head: %v, held %v; want no batch, held", b, held)
	}
	other, _ := bc.get(&f.ring, f.reserve(&testFormat{other: true}), span{from: 1, head: 3})
	if other == first || bytes.Equal(other.bytes, first.bytes) {
		t.Error("two lanes share a batch")
	}
	f.say(1, 100)
	grown, _ := bc.get(&f.ring, f.lane, span{from: 1, head: 4})
	decode(t, grown.bytes).mustHave(t, 1, 4)
}

func TestBatchCacheReplaces(t *testing.T) {
	f := still(t, Config{})
	f.say(50, 100)
	var bc batchCache
	for round := range 3 {
		for from := uint64(1); from <= 50; from++ {
			b, held := bc.get(&f.ring, f.lane, span{from: from, head: 50})
			if !held || b.from != from {
				t.Fatalf("round %d: asked for slot %d, got %+v", round, from, b)
			}
			decode(t, b.bytes).mustHave(t, from, 50)
		}
		bc.reset()
	}
}

// Every client that stands at a lapped slot is told so, not only the first that
// a pass comes to.
func TestBatchCacheOfLappedSlot(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}})
	f.say(10, 8)
	var bc batchCache
	for i := range 3 {
		if b, held := bc.get(&f.ring, f.lane, span{from: 2, head: 10}); b != nil || held {
			t.Fatalf("call %d: %v, held %v; want nothing, not held", i, b, held)
		}
	}
}

// A lane whose clients have all keeps no room for a batch, and the pump little.
func TestRestingLanesKeepNoStore(t *testing.T) {
	f := still(t, Config{})
	var clients []*Client
	for range 3 * freeMost {
		clients = append(clients, f.joins(nullConn{}, Options{Lane: f.reserve(&testFormat{})}))
	}
	p := f.pumps[0]
	mustRest := func(after string) {
		t.Helper()
		p.round()
		for _, c := range clients {
			if b := &c.lane.batches[0]; b.pieces != nil || b.buf != nil || c.cursor.Load() != 11 {
				t.Fatalf("%s: at slot %d a lane keeps %d bytes", after, c.cursor.Load(), cap(b.buf))
			}
		}
		if n := len(p.batches.free); n == 0 || n > freeMost {
			t.Errorf("%s: the pump keeps %d stores", after, n)
		}
	}
	f.say(10, 5000)
	mustRest("a pass")
	for _, c := range clients {
		c.cursor.Store(1)
		p.post(c)
	}
	mustRest("mail")
}
