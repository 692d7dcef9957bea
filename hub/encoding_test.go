package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// countingFormat counts its encodings, each of size bytes.
type countingFormat struct {
	testFormat
	size int
	made atomic.Int64
	gate chan struct{} // if set, an encoding waits for it to be closed
}

func (f *countingFormat) Encode(*Message) []byte {
	f.made.Add(1)
	if f.gate != nil {
		<-f.gate
	}
	return make([]byte, f.size)
}

// heldEncodings adds up what the encodings of all held messages count.
func (r *ring) heldEncodings() (sum int64) {
	for i := range r.slots {
		if m := r.slots[i].Load(); m != nil {
			for e := m.encodings.Load(); e != nil; e = e.next {
				sum += int64(len(e.frame) + encodingOverhead)
			}
		}
	}
	return sum
}

func TestEncodedOnce(t *testing.T) {
	f := still(t, Config{})
	f.say(1, 20)
	m, format := f.ring.at(1), &countingFormat{size: 100}
	first := m.encoded(format, &f.ring)
	if again := m.encoded(format, &f.ring); &again[0] != &first[0] || format.made.Load() != 1 {
		t.Errorf("encoded %d times", format.made.Load())
	}
	m.encoded(&countingFormat{size: 50}, &f.ring) // another format is another encoding
	if got := f.ring.extra.Load(); got != 100+50+2*encodingOverhead {
		t.Errorf("%d bytes count", got)
	}
	if m.encoded(f.format, &f.ring); f.ring.extra.Load() != 100+50+2*encodingOverhead {
		t.Error("the stored frame counts twice")
	}
	if got := f.Stats().RingBytes; got != int(m.size())+150+2*encodingOverhead {
		t.Errorf("the ring counts %d bytes", got)
	}
}

// Two goroutines that encode at once get the same bytes, and the bytes count once.
func TestEncodedByTwoAtOnce(t *testing.T) {
	f := still(t, Config{})
	f.say(1, 20)
	m, format := f.ring.at(1), &countingFormat{size: 100, gate: make(chan struct{})}
	var frames [2][]byte
	var wg sync.WaitGroup
	for i := range frames {
		wg.Go(func() { frames[i] = m.encoded(format, &f.ring) }) // ends once the gate is closed
	}
	for format.made.Load() < 2 {
		runtime.Gosched()
	}
	close(format.gate)
	wg.Wait()
	if &frames[0][0] != &frames[1][0] || f.ring.extra.Load() != 100+encodingOverhead {
		t.Errorf("two frames, or %d bytes", f.ring.extra.Load())
	}
}

// A message that the ring has dropped can still be encoded, and the result counts
// nowhere.
func TestEncodedAfterDrop(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 2}})
	f.say(1, 20)
	m := f.ring.at(1)
	m.encoded(&countingFormat{size: 10}, &f.ring)
	f.say(2, 20)
	if got := f.ring.extra.Load(); got != 0 {
		t.Errorf("%d bytes of a dropped message count", got)
	}
	if frame := m.encoded(&countingFormat{size: 10}, &f.ring); len(frame) != 10 || f.ring.extra.Load() != 0 {
		t.Errorf("%d bytes encoded, %d count", len(frame), f.ring.extra.Load())
	}
}

// I5: messages and encodings together stay within the bound, whatever is encoded, and
// no encoding pushes a message out.
func TestEncodingPushesNothingOut(t *testing.T) {
	const bound = 40_000
	plain, f := still(t, Config{Ring: RingSize{Bytes: bound}}), still(t, Config{Ring: RingSize{Bytes: bound}})
	formats := []*countingFormat{{size: 100}, {size: 1000}}
	for range 1000 {
		plain.say(1, 20)
		f.say(1, 20)
		for slot := f.ring.tail.Load(); slot <= f.ring.head.Load(); slot++ { // a client that resumes from the oldest message
			for _, format := range formats {
				if got := f.ring.at(slot).encoded(format, &f.ring); len(got) != format.size {
					t.Fatalf("%d bytes", len(got))
				}
			}
			if s := f.Stats(); s.RingBytes > bound {
				t.Fatalf("%d bytes at slot %d", s.RingBytes, slot)
			}
		}
		if f.ring.len() != plain.ring.len() {
			t.Fatalf("%d messages held, %d where nobody encodes", f.ring.len(), plain.ring.len())
		}
	}
}

// However many encodings there were, those of the newest messages are kept, because
// most clients are there.
func TestNewestKeepTheirEncodings(t *testing.T) {
	f, format := still(t, Config{Ring: RingSize{Bytes: 100_000}}), &countingFormat{size: 200}
	for range 1000 {
		f.say(1, 20)
		f.ring.newest().encoded(format, &f.ring)
		made := format.made.Load()
		if f.ring.newest().encoded(format, &f.ring); format.made.Load() != made {
			t.Fatalf("message %d: encoded twice", f.seq)
		}
	}
}

// A message that is alive in the snapshot alone keeps no encodings, which nothing
// would count (I5).
func TestSnapshotKeepsNoEncodings(t *testing.T) {
	f, format := still(t, Config{Ring: RingSize{Messages: 2}, Snapshot: SnapshotSize{Keys: 10}}), &countingFormat{size: 100}
	f.sayOf("quiet")
	f.snapshot.catchUp()
	quiet := f.ring.at(1)
	quiet.encoded(format, &f.ring)
	f.sayOf("loud", "loud")
	f.snapshot.catchUp()
	if frame := quiet.encoded(format, &f.ring); len(frame) != 100 || quiet.encodings.Load() != nil || f.ring.extra.Load() != 0 {
		t.Errorf("%d bytes encoded, kept %v, %d count", len(frame), quiet.encodings.Load(), f.ring.extra.Load())
	}
	f.mustSnapshot(nil, "quiet1 loud3", 3)
}

// A message whose encodings were taken while one more was made keeps none.
func TestStripWhileEncoding(t *testing.T) {
	for name, when := range map[string]int{"before it is charged": 0, "before it is kept": 1, "before it is given back": 2} {
		f, format := still(t, Config{}), &countingFormat{size: 100}
		f.say(1, 20)
		m := f.ring.at(1)
		if when == 2 {
			m.encoded(format, &f.ring)
		}
		strip := func() {
			m.strip(&f.ring)
			f.ring.warm++
		}
		if when == 0 {
			strip()
		}
		if charged := m.charge(&f.ring, 100+encodingOverhead); charged != (when > 0) {
			t.Errorf("%s: charged %v", name, charged)
		}
		switch when {
		case 1:
			strip()
			m.keep(&encoding{format: format, frame: make([]byte, 100)}, &f.ring)
		case 2:
			strip()
			m.refund(&f.ring, 100+encodingOverhead)
		}
		if m.encodings.Load() != nil || f.ring.extra.Load() != 0 {
			t.Errorf("%s: kept %v, %d bytes count", name, m.encodings.Load(), f.ring.extra.Load())
		}
	}
}

// Encoders run beside a publisher that drops what they encode: in the end exactly the
// held encodings count.
func TestEncodingsHammer(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 64, Bytes: 64 * 160}}) // room for the encodings of a few messages
	formats := []*countingFormat{{size: 1}, {size: 10}, {size: 100}}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { // ends when done is closed
			for {
				for slot := f.ring.tail.Load(); slot <= f.ring.head.Load(); slot++ {
					if m := f.ring.at(slot); m != nil {
						for _, format := range formats {
							m.encoded(format, &f.ring)
						}
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	f.say(20_000, 20)
	close(done)
	wg.Wait()
	if got, want := f.ring.extra.Load(), f.ring.heldEncodings(); got != want {
		t.Errorf("%d bytes count, %d are held", got, want)
	}
}

// costlyFormat is a format that takes long to find out that some messages, those of an
// odd sequence, stay as they are.
type costlyFormat struct {
	testFormat
	made atomic.Int64
}

func (f *costlyFormat) Encode(m *Message) []byte {
	f.made.Add(1)
	if m.Seq()%2 == 0 {
		return make([]byte, 100)
	}
	return m.Frame()
}

func (f *costlyFormat) Costs(*Message) bool { return true }

func (f *costlyFormat) Plain() Format { return &f.testFormat }

// That a message stays as it is, is kept if it took long to find out, and counts
// no bytes twice.
func TestCostlyStoredFrameIsKept(t *testing.T) {
	f, format := still(t, Config{}), &costlyFormat{}
	f.say(1, 20)
	m := f.ring.at(1)
	for range 3 {
		if frame := m.encoded(format, &f.ring); !m.isStored(frame) {
			t.Errorf("%d bytes, not the stored frame", len(frame))
		}
	}
	if made, extra := format.made.Load(), f.ring.extra.Load(); made != 1 || extra != encodingOverhead {
		t.Errorf("encoded %d times, %d bytes count", made, extra)
	}
	m.charge(&f.ring, m.cost(m.frame)) // another goroutine did the same meanwhile
	m.keep(&encoding{format: format, frame: m.frame}, &f.ring)
	if extra := f.ring.extra.Load(); extra != encodingOverhead {
		t.Errorf("%d bytes count", extra)
	}
}

// What may keep no encodings any more is never made in a format that takes long.
func TestStrippedGoesPlain(t *testing.T) {
	f, format := still(t, Config{}), &costlyFormat{}
	f.say(2, 20)
	m := f.ring.at(2)
	if kept := m.encoded(format, &f.ring); len(kept) != 100 {
		t.Fatalf("%d bytes", len(kept))
	}
	m.strip(&f.ring)
	f.ring.warm = 3
	for range 3 {
		if frame := m.encoded(format, &f.ring); !m.isStored(frame) || format.made.Load() != 1 {
			t.Errorf("%d bytes, encoded %d times", len(frame), format.made.Load())
		}
	}
}
