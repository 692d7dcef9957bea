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
	if got := f.ring.size(); got != m.size()+150+2*encodingOverhead {
		t.Errorf("the ring counts %d bytes", got)
	}
}

// Two who encode at once get the same bytes, and they count once.
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

// What is encoded of a message that the ring has dropped counts nowhere, and
// works.
func TestEncodedAfterDrop(t *testing.T) {
	f := still(t, Config{Messages: 2})
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

// I5: encodings push messages out like payloads do.
func TestEncodingsCountAgainstTheRing(t *testing.T) {
	f := still(t, Config{Bytes: 10_000})
	f.say(10, 20)
	for slot := range uint64(10) {
		f.ring.at(slot+1).encoded(&countingFormat{size: 2000}, &f.ring)
	}
	f.say(1, 20)
	if got := f.Stats(); got.RingBytes > 10_000 || got.RingMessages < 3 {
		t.Errorf("%d bytes in %d messages", got.RingBytes, got.RingMessages)
	}
}

// Encoders beside a publisher that drops what they encode: in the end exactly
// what is held counts.
func TestEncodingsHammer(t *testing.T) {
	f := still(t, Config{Messages: 16})
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
