package hub

import (
	"testing"
	"testing/synctest"
	"time"
)

// streamLane reserves the lane of a codec in test frames.
func (f *fixture) streamLane(c Codec) *Lane {
	f.t.Helper()
	l, err := f.StreamLane(f.format, c)
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

// stream joins a client that gets a stream.
func (f *fixture) stream(conn Conn, c Codec, start Start) *Client {
	f.t.Helper()
	client, err := f.Join(conn, Options{Lane: f.streamLane(c), Start: start})
	if err != nil {
		f.t.Fatal(err)
	}
	return client
}

// inStep runs do with a hub in a bubble of its own.
func inStep(t *testing.T, c Config, do func(f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := running(t, c)
		do(f)
		f.Close()
	})
}

// A client that comes within an epoch gets plain frames up to the next epoch, and the
// stream's from there on: I7.
func TestStreamBeginsWithAnEpoch(t *testing.T) {
	inStep(t, Config{}, func(f *fixture) {
		codec, first, late := &chainCodec{}, newConn(f.t, plenty), newConn(f.t, plenty)
		f.stream(first, codec, f.Live())
		for range 30 { // so many that one alone has to wait
			f.stream(nullConn{}, codec, f.Live())
		}
		f.sayAndWait(10)
		c := f.stream(late, codec, f.Live())
		f.sayAndWait(2 * shortEpoch)
		if got := decode(f.t, first.bytes()); got.streamed != 10+2*shortEpoch {
			f.t.Errorf("the first got %d frames of the stream of %d", got.streamed, 10+2*shortEpoch)
		}
		got := decode(f.t, late.bytes())
		got.mustHave(f.t, 11, 10+2*shortEpoch)
		if want := shortEpoch + 10; got.streamed != want || !c.streaming() {
			f.t.Errorf("who came later got %d frames of the stream, want %d", got.streamed, want)
		}
	})
}

// sayAndWait publishes messages one by one and lets each arrive.
func (f *fixture) sayAndWait(n int) {
	for range n {
		f.say(1, 40)
		synctest.Wait()
	}
}

// Epochs are long if no client waits for one.
func TestStreamEpochsAreLongIfNobodyWaits(t *testing.T) {
	inStep(t, Config{}, func(f *fixture) {
		codec := &chainCodec{}
		f.stream(newConn(f.t, plenty), codec, f.Live())
		f.sayAndWait(2 * longEpoch)
		if n := codec.resets.Load(); n != 2 {
			f.t.Errorf("%d epochs in %d messages, want 2", n, 2*longEpoch)
		}
	})
}

// A client that resumes gets plain frames up to the first epoch after its position, and
// the same frames as all others from there on.
func TestStreamOfWhoResumes(t *testing.T) {
	inStep(t, Config{}, func(f *fixture) {
		codec, late := &chainCodec{}, newConn(f.t, plenty)
		f.stream(newConn(f.t, plenty), codec, f.Live())
		f.sayAndWait(longEpoch + 100)
		f.stream(late, codec, f.Resume(f.position(longEpoch-5)))
		synctest.Wait()
		got := decode(f.t, late.bytes())
		got.mustHave(f.t, longEpoch-4, longEpoch+100)
		if got.streamed != 100 {
			f.t.Errorf("%d frames of the stream, want 100", got.streamed)
		}
	})
}

// A message that a codec leaves out of its stream is plain for all clients, and the
// stream goes on after it.
func TestStreamLeavesSmallMessagesOut(t *testing.T) {
	inStep(t, Config{}, func(f *fixture) {
		codec, conn := &chainCodec{plain: 20}, newConn(f.t, plenty)
		f.stream(conn, codec, f.Live())
		for i := range 30 {
			f.say(1, 15+10*(i%2))
			synctest.Wait()
		}
		got := decode(f.t, conn.bytes())
		got.mustHave(f.t, 1, 30)
		if got.streamed != 15 || codec.resets.Load() != 1 {
			f.t.Errorf("%d frames of the stream in %d epochs", got.streamed, codec.resets.Load())
		}
		if saved := f.Stats().SavedBytes; saved != 15 {
			f.t.Errorf("%d bytes saved, want 15", saved)
		}
	})
}

// A follower lives as long as its lane has clients, and a new one does not go on
// with what the old one made.
func TestStreamEndsWithItsClients(t *testing.T) {
	inStep(t, Config{}, func(f *fixture) {
		codec, conn, again := &chainCodec{}, newConn(f.t, plenty), newConn(f.t, plenty)
		c := f.stream(conn, codec, f.Live())
		f.sayAndWait(5)
		c.Close()
		f.sayAndWait(5)
		if f.followers.Load() != nil {
			f.t.Error("a follower is left without a lane")
		}
		for slot := uint64(6); slot <= 10; slot++ {
			if f.ring.at(slot).encodings.Load() != nil {
				f.t.Errorf("message %d was encoded for nobody", slot)
			}
		}
		f.stream(again, codec, f.first())
		f.sayAndWait(5)
		got := decode(f.t, again.bytes())
		got.mustHave(f.t, 1, 15)
		if got.streamed != 5 || codec.streams.Load() != 2 {
			f.t.Errorf("%d frames of %d streams", got.streamed, codec.streams.Load())
		}
	})
}

// A follower that stands still delays no lane but its own (I1), and its clients are not
// slow because of it.
func TestStreamOfASlowFollower(t *testing.T) {
	inStep(t, Config{Ring: RingSize{Messages: 1024}, Queue: Bounds{Messages: 5, Stall: 200 * time.Millisecond}}, func(f *fixture) {
		codec := &chainCodec{gate: make(chan struct{})}
		plain, conn := newConn(f.t, plenty), newConn(f.t, plenty)
		f.enter(plain, f.Live())
		c := f.stream(conn, codec, f.Live())
		f.say(50, 40)
		pass(time.Second)
		decode(f.t, plain.bytes()).mustHave(f.t, 1, 50)
		if got := conn.bytes(); len(got) > 0 {
			f.t.Errorf("%d bytes went out before they were encoded", len(got))
		}
		mustBeOpen(f.t, conn)
		c.Leave(Draining)
		close(codec.gate)
		pass(time.Second)
		got := decode(f.t, conn.bytes())
		got.mustHave(f.t, 1, 50)
		if got.closing != "draining "+f.position(50).String() {
			f.t.Errorf("close %q", got.closing)
		}
	})
}

// A follower that is too far behind leaves messages out of the stream, and no client
// misses one.
func TestStreamLeaps(t *testing.T) {
	inStep(t, Config{Ring: RingSize{Messages: 128}}, func(f *fixture) {
		codec, conn := &chainCodec{gate: make(chan struct{})}, newConn(f.t, plenty)
		f.stream(conn, codec, f.Live())
		f.sayAndWait(1)
		f.say(100, 40)
		close(codec.gate)
		synctest.Wait() // it leaps to the newest of the hundred
		f.sayAndWait(10)
		got := decode(f.t, conn.bytes())
		got.mustHave(f.t, 1, 111)
		if n := f.Stats().Unstreamed; got.streamed != 12 || n != 99 {
			f.t.Errorf("%d frames of the stream, %d left out; want 12 and 99", got.streamed, n)
		}
	})
}

// The frame that a stream's client was in the middle of when it jumped belongs to
// an epoch that it gets no more of: I7.
func TestStreamBeginsAgainAfterAJump(t *testing.T) {
	inStep(t, Config{Queue: Bounds{Messages: 5, Stall: time.Hour}}, func(f *fixture) {
		codec, conn := &chainCodec{}, newConn(f.t, plenty)
		lane, err := f.StreamLane(tellable(), codec)
		if err != nil {
			f.t.Fatal(err)
		}
		c, err := f.Join(conn, Options{Lane: lane, Start: f.Live(), Policy: Skip})
		if err != nil {
			f.t.Fatal(err)
		}
		f.sayAndWait(3)
		pass(time.Second) // it has caught up
		conn.shut()
		conn.open(7)
		f.sayAndWait(100)
		pass(time.Second)
		conn.open(plenty)
		f.sayAndWait(2 * shortEpoch)
		var client chain
		if got := len(splitStream(f.t, conn.bytes(), &client)); got != 4+2*shortEpoch {
			f.t.Errorf("%d messages", got)
		}
		if !c.streaming() || client.frames < 4+shortEpoch-3 || f.Stats().Gaps != 1 {
			f.t.Errorf("%d frames of the stream, %d gaps", client.frames, f.Stats().Gaps)
		}
	})
}

// splitStream returns the bodies of the messages in raw, whatever their frames.
func splitStream(t testing.TB, raw []byte, client *chain) (bodies [][]byte) {
	t.Helper()
	for kind, body := range frames(raw) {
		switch kind {
		case frameData, frameOther:
			bodies = append(bodies, body)
		case frameStream:
			bodies = append(bodies, client.open(t, body))
		}
	}
	return bodies
}

// An epoch begins the sooner, the more clients wait for it.
func TestStreamBeginsAgainForMany(t *testing.T) {
	for _, tt := range []struct{ there, late, after int }{{1, 1, 7}, {1, 3, 5}, {9, 1, 31}, {99, 1, shortEpoch}} {
		inStep(t, Config{}, func(f *fixture) {
			codec := &chainCodec{}
			for range tt.there {
				f.stream(newConn(f.t, plenty), codec, f.Live())
			}
			f.sayAndWait(1)
			var c *Client
			for range tt.late {
				c = f.stream(newConn(f.t, plenty), codec, f.Live())
			}
			n := 0
			for ; !c.streaming() && n < longEpoch; n++ {
				f.sayAndWait(1)
			}
			if n != tt.after {
				f.t.Errorf("%d clients waited for %d messages beside %d, want %d", tt.late, n, tt.there, tt.after)
			}
		})
	}
}

// A client whose stream's frames were stripped before it got them leaves the
// stream there, in the middle of an epoch, and gets no more of that epoch: I7.
func TestStreamOfStrippedFrames(t *testing.T) {
	inStep(t, Config{Ring: RingSize{Bytes: 1 << 20}, Queue: Bounds{Stall: time.Hour}}, func(f *fixture) {
		codec, conn := &chainCodec{}, newConn(f.t, plenty)
		f.stream(nullConn{}, codec, f.Live())
		c := f.stream(conn, codec, f.Live())
		f.sayAndWait(10)
		if !c.streaming() {
			f.t.Error("not on the stream")
		}
		conn.shut()
		f.sayAndWait(300)
		r := &f.ring
		for slot := r.warm; slot <= 200; slot++ { // as cool does, once there is no room
			r.at(slot).strip(r)
			r.warm++
		}
		conn.open(plenty)
		synctest.Wait()
		got := decode(f.t, conn.bytes())
		got.mustHave(f.t, 1, 310)
		if got.streamed >= 10+110 {
			f.t.Errorf("%d frames of the stream, of which 190 had been stripped", got.streamed)
		}
		before := got.streamed
		f.sayAndWait(longEpoch)
		if got := decode(f.t, conn.bytes()); got.streamed < before+longEpoch-shortEpoch || !c.streaming() {
			f.t.Errorf("%d more frames of the stream: it did not come back to it", got.streamed-before)
		}
	})
}

// Where there is no room for a stream's frames, messages go plain, and each frame
// that is kept begins an epoch that can be read.
func TestStreamWithoutRoom(t *testing.T) {
	inStep(t, Config{Ring: RingSize{Bytes: 64 << 10}}, func(f *fixture) {
		codec, conn := &chainCodec{}, newConn(f.t, plenty)
		f.stream(conn, codec, f.Live())
		for i := range 200 {
			f.say(1, 100+5000*(i%3))
			synctest.Wait()
		}
		got := decode(f.t, conn.bytes())
		got.mustHave(f.t, 1, 200)
		if got.streamed == 0 || got.streamed == 200 {
			f.t.Errorf("%d frames of the stream; some should have found room, and some not", got.streamed)
		}
	})
}

// A delivery of a stream's frame allocates nothing either.
func TestStreamDeliveryAllocatesNothing(t *testing.T) {
	f := still(t, Config{})
	lane := &Lane{format: f.format, batches: make([]batch, 1)}
	lane.stream = &follower{hub: f.Hub, codec: &chainCodec{}, looks: make([]look, 1), next: 1}
	f.say(100, 200)
	lane.stream.catchUp()
	var clients []*Client
	for range 1000 {
		lane.use(1)
		c, err := f.Join(nullConn{}, Options{Lane: lane})
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	p := f.pumps[0]
	p.round()
	allocs := testing.AllocsPerRun(20, func() {
		for i, c := range clients {
			c.cursor.Store(50 + uint64(i%3))
		}
		f.streamVersion.Add(1)
		p.round()
	})
	if allocs != 0 || !clients[0].streaming() || f.Stats().SavedBytes == 0 {
		t.Errorf("%v allocations for 1,000 deliveries", allocs)
	}
	if info := f.Slowest(1)[0]; !info.Shared {
		t.Errorf("%+v is not told to be on the stream", info)
	}
	lane.use(1) // it is not interned: the hub's end must not take it away
}

// A lane that is reserved and given back while nothing comes costs no stream.
func TestStreamIsMadeAtTheFirstMessage(t *testing.T) {
	inStep(t, Config{}, func(f *fixture) {
		codec := &chainCodec{}
		lane := f.streamLane(codec)
		synctest.Wait()
		if n := codec.streams.Load(); n != 0 {
			f.t.Errorf("%d streams before the first message", n)
		}
		f.sayAndWait(2)
		if n := codec.streams.Load(); n != 1 {
			f.t.Errorf("%d streams behind it", n)
		}
		f.Release(lane)
	})
}
