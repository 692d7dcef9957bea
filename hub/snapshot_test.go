package hub

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// keysOf tells a snapshot in a line: key and sequence of each message.
func keysOf(messages []*Message) string {
	var words []string
	for _, m := range messages {
		words = append(words, fmt.Sprintf("%s%d", m.Key(), m.Seq()))
	}
	return strings.Join(words, " ")
}

func (f *fixture) mustSnapshot(filter *Filter, want string, seq uint64) {
	f.t.Helper()
	messages, at := f.Snapshot(filter)
	if got := keysOf(messages); got != want || at != f.position(seq) {
		f.t.Errorf("snapshot %q at %v, want %q at %d", got, at, want, seq)
	}
}

func TestSnapshotHoldsTheNewestOfEach(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
	f.mustSnapshot(nil, "", 0)
	f.sayOf("a", "b", "a", "", "c", "b", "")
	f.mustSnapshot(nil, "", 0) // not looked at yet
	f.snapshot.catchUp()
	f.mustSnapshot(nil, "a3 c5 b6 7", 7)
	f.mustSnapshot(must(NewFilter([]string{"a", "b"})), "a3 b6", 7)
	if got, _ := f.snapshot.newestFrom(5, nil); keysOf(got) != "c5 b6 7" {
		t.Errorf("from slot 5: %s", keysOf(got))
	}
}

func TestNoSnapshot(t *testing.T) {
	f := still(t, Config{})
	f.sayOf("a")
	if f.HasSnapshot() {
		t.Error("there is a snapshot")
	}
	f.mustSnapshot(nil, "", 1)
}

// Keys and bytes are bounded; the oldest go first, the newest stays.
func TestSnapshotBounds(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 3}})
	f.sayOf("a", "b", "c", "a", "d")
	f.snapshot.catchUp()
	f.mustSnapshot(nil, "c3 a4 d5", 5)

	f = still(t, Config{Snapshot: SnapshotSize{Keys: 100, Bytes: 2 * (frameLen + 1 + messageOverhead)}})
	f.sayOf("a", "b", "c", "b")
	f.snapshot.catchUp()
	f.mustSnapshot(nil, "c3 b4", 4)
	f.Publish(Input{Key: "big", Payload: testPayload(5, 10_000)})
	f.snapshot.catchUp()
	f.mustSnapshot(nil, "big5", 5)
	if m := f.ring.at(5); f.snapshot.bytes != int(m.size()) {
		t.Errorf("%d bytes are counted, %d held", f.snapshot.bytes, m.size())
	}
}

// The ring holds less than the snapshot: a quiet key stays.
func TestSnapshotOutlastsTheRing(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 2}, Snapshot: SnapshotSize{Keys: 10}})
	f.sayOf("quiet")
	f.snapshot.catchUp()
	for range 5 {
		f.sayOf("loud")
		f.snapshot.catchUp()
	}
	f.mustSnapshot(nil, "quiet1 loud6", 6)
	s := newConn(t, plenty)
	f.attendWithSnapshot(s, Evict)
	f.rounds()
	mustRead(t, s, "hello@0 1 6")
}

// A snapshotter that was lapped does not know what it missed: nothing that may
// have been replaced is shown as the newest.
func TestLappedSnapshotShowsNothingStale(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}, Snapshot: SnapshotSize{Keys: 10}})
	f.sayOf("a", "b")
	f.snapshot.catchUp()
	f.sayOf("a", "c", "c", "d", "c") // a3 is lapped
	f.snapshot.catchUp()
	f.mustSnapshot(nil, "d6 c7", 7)
	f.sayOf("a")
	f.snapshot.catchUp()
	f.mustSnapshot(nil, "d6 c7 a8", 8)
}

// A joiner gets the newest message of each key, then everything after, without a hole
// and nothing twice, wherever the snapshotter and the feed are at that moment.
func TestJoinWithSnapshotWhileTheFeedRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Snapshot: SnapshotSize{Keys: 100}, Pumps: 2})
		rnd := rand.New(rand.NewPCG(1, 2))
		keys, conns := []string{}, []*scriptConn{}
		for range 100 {
			for range rnd.IntN(6) {
				keys = append(keys, fmt.Sprintf("k%d", rnd.IntN(20)))
				f.sayOf(keys[len(keys)-1])
			}
			conns = append(conns, newConn(t, plenty))
			f.attendWithSnapshot(conns[len(conns)-1], Evict)
		}
		synctest.Wait()
		possible := snapshotsThenAll(keys)
		for _, s := range conns {
			if got := dataOf(s.bytes()); !slices.ContainsFunc(possible, func(want []uint64) bool { return slices.Equal(got, want) }) {
				t.Errorf("no snapshot and what is behind it: %v of %d", got, len(keys))
			}
		}
	})
}

// dataOf returns the sequences of all messages in a client's bytes.
func dataOf(raw []byte) (seqs []uint64) {
	for len(raw) >= testHeaderLen {
		n := testHeaderLen + int(binary.BigEndian.Uint32(raw[1:]))
		if raw[0] == frameData || raw[0] == frameOther {
			seqs = append(seqs, binary.BigEndian.Uint64(raw[testHeaderLen:]))
		}
		raw = raw[n:]
	}
	return seqs
}

// snapshotsThenAll returns, for each head, the newest message of each key up to there
// and everything after.
func snapshotsThenAll(keys []string) (possible [][]uint64) {
	for head := range len(keys) + 1 {
		var want []uint64
		for i := range keys {
			if i >= head || !slices.Contains(keys[i+1:head], keys[i]) {
				want = append(want, uint64(i+1))
			}
		}
		possible = append(possible, want)
	}
	return possible
}

// A client that leaves in the middle of a snapshot resumes in the middle of it.
func TestResumeInsideSnapshot(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
	f.sayOf("a", "b", "b", "c")
	f.snapshot.catchUp()
	s := newConn(t, 0)
	c := f.attendWithSnapshot(s, Evict)
	f.welcome(c, s)
	d := new(batch)
	d.fillPrelude(&f.ring, c.lane, c.prelude.Load(), c.cursor.Load())
	s.open(frameLen)
	c.offer(d)
	c.Leave(Flood)
	s.open(plenty)
	c.offer(nil)
	mustRead(t, s, "hello@0 1 flood@1")
	s = newConn(t, plenty)
	f.attend(s, Options{Start: f.Resume(c.Position())})
	f.rounds()
	mustRead(t, s, "hello@1 2 3 4")
}

// A drain lets a client have its snapshot, and all up to the drain, first.
func TestDrainWaitsForThePrelude(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
	f.sayOf("a", "b", "a")
	f.snapshot.catchUp()
	s := newConn(t, 0)
	c := f.attendWithSnapshot(s, Evict)
	f.sayOf("c")
	c.Leave(Draining)
	f.sayOf("d")
	s.open(plenty)
	f.rounds()
	if got := transcript(t, s.bytes()); got != "hello@1 2 3 4 draining@4" && got != "hello@1 2 3 4 5 draining@5" {
		t.Errorf("got %s", got)
	}
}

// The position of a start with a snapshot is one to resume from: a client that
// goes by it and never got a byte misses nothing, of what comes in between least
// of all.
func TestPositionBeforeTheSnapshot(t *testing.T) {
	for _, between := range [][]string{nil, {"b"}, {"a", "c"}} {
		f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
		f.sayOf("x", "a", "b", "a", "x", "b")
		f.snapshot.catchUp()
		lane := must(f.Lane(tellable(), must(NewFilter([]string{"a", "b", "c"}))))
		start := f.Newest(lane)
		if at := f.At(start).Seq; at != 3 {
			t.Errorf("it begins behind %d, want 3: a4 is the first of it", at)
		}
		f.sayOf(between...)
		f.snapshot.catchUp()
		s := newConn(t, plenty)
		f.joins(s, Options{Lane: lane, Start: start})
		f.rounds()
		want := "hello@3 4 6"
		for i := range between {
			want += fmt.Sprintf(" %d", 7+i)
		}
		mustRead(t, s, want)
		s = newConn(t, plenty)
		f.attend(s, Options{Start: f.Resume(f.At(start))}, "a", "b", "c")
		f.rounds()
		mustRead(t, s, want)
	}
}

// Nothing that is wanted, or no snapshot: the start is live.
func TestNewestOfNothing(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
	f.sayOf("a", "b")
	f.snapshot.catchUp()
	lane := must(f.Lane(tellable(), must(NewFilter([]string{"none"}))))
	if s := f.Newest(lane); s != f.Live() {
		t.Errorf("%+v, want %+v", s, f.Live())
	}
	f.Release(lane)
	f = still(t, Config{})
	f.sayOf("a")
	if s := f.Newest(f.lane); s != f.Live() {
		t.Errorf("without a snapshot: %+v, want %+v", s, f.Live())
	}
}
