package hub

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

func newRing(count, bytes int) *ring {
	r := new(ring)
	r.init(count, bytes)
	return r
}

// put publishes a message of the given public sequence and size.
func (r *ring) put(seq uint64, size int) {
	r.publish(&Message{seq: seq, frame: testPayload(seq, size)})
}

// model is a ring as one would write it without concurrency.
type model struct {
	all             []*Message // every message ever published
	kept            int        // the newest so many are held
	count, maxBytes int
}

func (m *model) put(msg *Message) {
	m.all = append(m.all, msg)
	m.kept++
	for m.kept > 1 && (m.kept > m.count || m.bytes() > m.maxBytes) {
		m.kept--
	}
}

func (m *model) held() []*Message { return m.all[len(m.all)-m.kept:] }

func (m *model) bytes() (n int) {
	for _, msg := range m.held() {
		n += int(msg.size())
	}
	return n
}

func (m *model) floor() uint64 {
	if m.kept == len(m.all) {
		return 0
	}
	return m.all[len(m.all)-m.kept-1].seq
}

// after is the first held message after seq, as a slot.
func (m *model) after(seq uint64) uint64 {
	slot := uint64(len(m.all)-m.kept) + 1
	for _, msg := range m.held() {
		if msg.seq <= seq {
			slot++
		}
	}
	return slot
}

// I1 and I5: a ring does what its model does, for any sizes and for public
// sequences with holes.
func TestRingAgainstModel(t *testing.T) {
	for _, tt := range []struct{ count, bytes, size int }{
		{1, 1 << 20, 100}, {4, 1 << 20, 100}, {7, 1 << 20, 100}, {64, 2000, 300}, {1000, 1, 100}, {50, 4000, 1000},
	} {
		rnd := rand.New(rand.NewPCG(uint64(tt.count), uint64(tt.bytes)))
		r, m := newRing(tt.count, tt.bytes), &model{count: tt.count, maxBytes: tt.bytes - tt.bytes/8}
		seq := uint64(0)
		for range 300 {
			seq += 1 + rnd.Uint64N(3)
			msg := &Message{seq: seq, frame: make([]byte, rnd.IntN(tt.size))}
			r.publish(msg)
			m.put(msg)
			compare(t, rnd, r, m)
		}
	}
}

func compare(t *testing.T, rnd *rand.Rand, r *ring, m *model) {
	t.Helper()
	held := m.held()
	if r.len() != len(held) || int(r.held.Load()) != m.bytes() || r.floor.Load() != m.floor() {
		t.Fatalf("%d messages, %d bytes, floor %d; want %d, %d, %d",
			r.len(), r.held.Load(), r.floor.Load(), len(held), m.bytes(), m.floor())
	}
	if r.newest() != held[len(held)-1] {
		t.Fatal("the newest message is not kept")
	}
	first := uint64(len(m.all) - len(held) + 1)
	for i, msg := range held {
		if slot := first + uint64(i); r.at(slot) != msg || msg.slot != slot {
			t.Fatalf("slot %d does not hold its message", slot)
		}
	}
	if r.at(first-1) != nil || r.at(uint64(len(m.all))+1) != nil {
		t.Fatal("a slot outside the ring holds a message")
	}
	for range 20 {
		seq := rnd.Uint64N(r.newest().seq + 3)
		slot, ok := r.after(seq)
		if want := seq >= m.floor(); ok != want || ok && slot != m.after(seq) {
			t.Fatalf("after(%d) = %d, %v; want %d, %v", seq, slot, ok, m.after(seq), want)
		}
	}
}

// Sizes of queues are differences of cumulative counters.
func TestRingTotals(t *testing.T) {
	r, total := newRing(4, 1<<20), uint64(0)
	for seq := range uint64(20) {
		r.put(seq+1, int(seq)*10)
		total += r.newest().size()
		if r.newest().total != total {
			t.Fatalf("total behind message %d is %d, want %d", seq+1, r.newest().total, total)
		}
	}
}

func TestRingEmpty(t *testing.T) {
	r := newRing(8, 1000)
	if r.newest() != nil || r.len() != 0 || r.at(0) != nil || r.at(1) != nil {
		t.Error("an empty ring holds something")
	}
	if slot, ok := r.after(0); slot != 1 || !ok {
		t.Errorf("after(0) = %d, %v; want 1, true", slot, ok)
	}
}

// Readers hammer the ring while it is lapped under them. They get the message that they
// asked for, whole, or none, and after never skips a message that it says is held (I2,
// I4).
func TestRingReadersWhileLapped(t *testing.T) {
	const messages = 20_000
	r := newRing(16, 1<<20)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() { readLapped(t, r, uint64(i)*7, messages) }) // ends with the last message
	}
	for seq := range uint64(messages) {
		r.put(2*(seq+1), 16)
	}
	wg.Wait()
}

func readLapped(t *testing.T, r *ring, back, last uint64) {
	for head := uint64(0); head < last; head = r.head.Load() {
		runtime.Gosched() // or the publisher waits for a core
		slot := max(head, back+1) - back
		if m := r.at(slot); m != nil && (m.seq != 2*slot || string(m.frame) != string(testPayload(m.seq, 16))) {
			t.Errorf("slot %d holds message %d", slot, m.seq)
			return
		}
		want := 2 * slot // held or not, the next message is that of slot+1
		if next, ok := r.after(want); ok && next != slot+1 && slot+1 <= r.head.Load() && head > 0 {
			t.Errorf("after(%d) = %d, want %d", want, next, slot+1)
			return
		}
		if m := r.newest(); m != nil && m.seq < 2*head {
			t.Errorf("the newest is %d though the head was %d", m.seq, 2*head)
			return
		}
	}
}
