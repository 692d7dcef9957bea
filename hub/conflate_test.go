package hub

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A client reads a tenth of a feed of 200 keys for a minute. Its messages are hardly
// older than the time that a round of the keys takes it. It ends with the newest message
// of each key, and the gaps told it the number of all others.
func TestConflationOfAFeedTenTimesTooFast(t *testing.T) {
	const keys, perTick, ticks, tick = 200, 10, 6000, 10 * time.Millisecond // 1,000 messages/s
	const tenth = perTick * (testHeaderLen + 200) / 10
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Snapshot: SnapshotSize{Keys: keys}, Queue: Bounds{Messages: 500, Stall: time.Minute}})
		s := newConn(t, 0)
		f.attend(s, Options{Policy: Conflate})
		feed, rnd := slowFeed{t: t, s: s, newest: make(map[uint64]uint64)}, rand.New(rand.NewPCG(3, 4))
		for range ticks {
			for range perTick {
				key := rnd.Uint64N(keys)
				f.Publish(Input{Key: fmt.Sprint(key), Payload: testPayload(f.seq+1, 200)})
				feed.published(f.seq, key)
			}
			s.open(tenth)
			pass(tick)
			feed.read()
		}
		got, sent := len(s.bytes()), ticks*perTick*(testHeaderLen+200)
		for range 10 * keys { // the feed rests, the client reads on
			s.open(tenth)
			pass(tick)
			feed.read()
		}
		for key, seq := range feed.newest {
			if seq != feed.have[key] {
				t.Errorf("key %d: the newest is %d, it has %d", key, seq, feed.have[key])
			}
		}
		if feed.missed+feed.messages != uint64(ticks*perTick) {
			t.Errorf("%d messages came and %d are told to be missed, of %d", feed.messages, feed.missed, ticks*perTick)
		}
		slices.Sort(feed.lags)
		p50, most := feed.lags[len(feed.lags)/2], feed.lags[len(feed.lags)-1]
		t.Logf("%.1f %% of the feed's bytes sent; lag p50 %v, max %v; without conflation it would have ended %v behind",
			100*float64(got)/float64(sent), p50, most, ticks*tick*9/10)
		// It is over its bound after 500 messages, half a second, and a round of the
		// keys takes it two.
		if bound := 3 * time.Second; most > bound {
			t.Errorf("it read a message that was %v old, bound %v", most, bound)
		}
		if share := float64(got) / float64(sent); share < 0.09 || share > 0.105 {
			t.Errorf("it got %.3f of the bytes, and could read a tenth", share)
		}
	})
}

// slowFeed remembers the published messages, and follows those that a client gets.
type slowFeed struct {
	t      *testing.T
	s      *scriptConn
	at     []time.Time       // by sequence, less one
	key    []uint64          // by sequence, less one
	newest map[uint64]uint64 // sequence by key

	taken    int // bytes
	have     [200]uint64
	lags     []time.Duration
	messages uint64
	missed   uint64
}

func (f *slowFeed) published(seq, key uint64) {
	f.at, f.key = append(f.at, time.Now()), append(f.key, key)
	f.newest[key] = seq
}

// read takes the whole frames that have come since.
func (f *slowFeed) read() {
	f.t.Helper()
	f.s.mu.Lock()
	raw := f.s.got[f.taken:]
	f.s.mu.Unlock()
	for len(raw) >= testHeaderLen {
		n := testHeaderLen + int(binary.BigEndian.Uint32(raw[1:]))
		if len(raw) < n {
			return
		}
		f.frame(raw[0], raw[testHeaderLen:n])
		raw, f.taken = raw[n:], f.taken+n
	}
}

func (f *slowFeed) frame(kind byte, body []byte) {
	f.t.Helper()
	switch kind {
	case frameData:
		seq := binary.BigEndian.Uint64(body)
		key := f.key[seq-1]
		if seq <= f.have[key] {
			f.t.Errorf("message %d of key %d behind %d", seq, key, f.have[key])
		}
		f.have[key] = seq
		f.messages++
		f.lags = append(f.lags, time.Since(f.at[seq-1]))
	case frameNotice:
		var from, to, missed uint64
		word := transcribe(f.t, kind, body)
		if n, _ := fmt.Sscanf(word, "gap%d-%d=%d~", &from, &to, &missed); n == 3 {
			f.missed += missed
		}
	}
}
