package hub

import (
	"bytes"
	"runtime"
	"testing"
	"time"
)

func TestConfigDefaults(t *testing.T) {
	c := Config{}.withDefaults()
	want := Bounds{Messages: 32768, Bytes: 64 << 20, Stall: 10 * time.Second}
	if c.Ring.Messages != 65536 || c.Ring.Bytes != 128<<20 || c.Queue != want || c.Liveness.PongTimeout != 10*time.Second || c.Liveness.PingInterval != 0 {
		t.Errorf("%+v", c)
	}
	if c.Pumps != max(1, runtime.GOMAXPROCS(0)-1) {
		t.Errorf("%d pumps", c.Pumps)
	}
	if c := (Config{Ring: RingSize{Messages: 1}}).withDefaults(); c.Queue.Messages != 1 {
		t.Errorf("a queue of %d messages", c.Queue.Messages)
	}
	own := Config{Ring: RingSize{Messages: 10, Bytes: 1000}, Queue: Bounds{3, 100, time.Second}, Pumps: 5, Liveness: Liveness{PingInterval: 1, PongTimeout: 2}}
	if got := own.withDefaults(); got.Queue != own.Queue || got.Ring.Messages != 10 || got.Ring.Bytes != 1000 || got.Pumps != 5 || got.Liveness.PongTimeout != 2 {
		t.Errorf("%+v", got)
	}
}

// I2: a driver may read the next message into the same buffer.
func TestPublishCopies(t *testing.T) {
	f, at := still(t, Config{}), time.Unix(5, 6)
	buf := []byte("first")
	f.Publish(Input{Kind: Binary, Key: "k", Time: at, Payload: buf})
	clear(buf)
	m := f.ring.newest()
	if string(m.Payload()) != "first" || m.Kind() != Binary || m.Key() != "k" || !m.Time().Equal(at) || m.Seq() != 1 {
		t.Errorf("%+v", m)
	}
	if want := append(testHeader(nil, Binary, 5), "first"...); !bytes.Equal(m.Frame(), want) || cap(m.frame) != len(want) {
		t.Errorf("frame %q with room for %d, want %q exactly", m.Frame(), cap(m.frame), want)
	}
}

func TestPublishWithoutHeader(t *testing.T) {
	h := assemble(Config{})
	h.Publish(Input{Payload: []byte("x")})
	m := h.ring.newest()
	if string(m.Frame()) != "x" || string(m.Payload()) != "x" || time.Since(m.Time()) > time.Minute || m.Kind().String() != "text" {
		t.Errorf("%+v", m)
	}
	if Binary.String() != "binary" {
		t.Error(Binary)
	}
}

// I5: the ring counts the bytes of frames and keys, and of what carries them; an eighth
// is left for encodings.
func TestRingBytesAreBounded(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Bytes: 100_000}})
	for range 1000 {
		f.Publish(Input{Key: "key", Payload: testPayload(1, 1000)})
	}
	st, each := f.Stats(), testHeaderLen+1000+3+messageOverhead
	if want := 87_500 / each; st.RingMessages != want || st.RingBytes != want*each {
		t.Errorf("%d messages of %d bytes, want %d of %d", st.RingMessages, st.RingBytes, want, want*each)
	}
	f.say(1, 1_000_000)
	if st := f.Stats(); st.RingMessages != 1 {
		t.Errorf("%d messages beside one larger than the ring, want it alone", st.RingMessages)
	}
}

func TestStarts(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 8}})
	if got := f.At(f.Live()).Seq; got != 0 || f.Oldest().Seq != 0 || f.first().Gone() {
		t.Errorf("before the first message: live %d, oldest %v", got, f.Oldest())
	}
	f.say(20, 20)
	tests := []struct {
		name string
		at   Position
		gone bool
	}{
		{"the head", f.position(20), false},
		{"one back", f.position(19), false},
		{"the oldest", f.position(12), false},
		{"one too old", f.position(11), true},
		{"the beginning", f.position(0), true},
		{"never reached", f.position(21), true},
		{"far ahead", f.position(1 << 63), true},
		{"another epoch", Position{"00000000", 20}, true},
	}
	for _, tt := range tests {
		s := f.Resume(tt.at)
		if s.Gone() != tt.gone {
			t.Errorf("%s: gone %v, want %v", tt.name, s.Gone(), tt.gone)
		}
		if !tt.gone && (f.At(s) != tt.at || s.slot != tt.at.Seq+1) {
			t.Errorf("%s: starts at %v, slot %d", tt.name, f.At(s), s.slot)
		}
	}
	if f.Oldest() != f.position(12) || f.At(f.Live()) != f.position(20) {
		t.Errorf("oldest %v, live %v", f.Oldest(), f.At(f.Live()))
	}
}

func TestStats(t *testing.T) {
	f := still(t, Config{})
	whole, short := newConn(t, plenty), newConn(t, frameLen+5)
	a := f.enter(whole, f.Live())
	f.enter(short, f.Live())
	f.say(2, 20)
	f.pumps[0].round()
	f.clock.Store(int64(sweepEvery))
	f.sweep()
	st := f.Stats()
	want := Stats{Clients: 2, Joins: 2, Deliveries: 3, DeliveredBytes: 3*frameLen + 5, Writes: 2, RingMessages: 2,
		RingBytes: 2 * (frameLen + messageOverhead)}
	if st != want {
		t.Errorf("%+v\nwant\n%+v", st, want)
	}
	a.Leave(TooLarge)
	a.Close()
	if st := f.Stats(); st.Clients != 1 || st.Leaves[TooLarge] != 1 {
		t.Errorf("%+v", st)
	}
}

func TestSlowest(t *testing.T) {
	f := still(t, Config{})
	f.say(10, 20)
	for _, back := range []struct {
		name string
		seq  uint64
	}{{"five", 5}, {"none", 10}, {"nine", 1}} {
		if _, err := f.Join(newConn(t, plenty), Options{Lane: f.reserve(f.format), Start: f.Resume(f.position(back.seq)), Name: back.name}); err != nil {
			t.Fatal(err)
		}
	}
	f.clients[0].Leave(Draining)
	f.clock.Store(int64(3 * time.Second))
	got := f.Slowest(2)
	if len(got) != 2 || len(f.Slowest(10)) != 3 || len(f.Slowest(0)) != 0 {
		t.Fatalf("%+v", got)
	}
	if want := (ClientInfo{Name: "nine", Position: f.position(1).String(), Behind: 9, Silent: 3}); got[0] != want {
		t.Errorf("%+v, want %+v", got[0], want)
	}
	if got[1].Name != "five" || got[1].Behind != 5 || got[1].Leaving != "draining" {
		t.Errorf("%+v", got[1])
	}
}
