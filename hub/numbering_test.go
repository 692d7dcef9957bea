package hub

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// number publishes messages with a backbone's numbers.
func (f *fixture) number(numbers ...uint64) {
	for _, n := range numbers {
		f.Publish(Input{Payload: testPayload(n, 20), Seq: n})
	}
}

// A position that one hub tells is good at every hub that was told the same name,
// however its own ring began.
func TestAdoptedPositionsAreGoodElsewhere(t *testing.T) {
	a, b := still(t, Config{}), still(t, Config{})
	a.say(3, 20) // before the backbone is known
	a.Adopt("stream", 100)
	a.number(102, 103, 107, 109)
	b.Adopt("stream", 103)
	b.number(107, 109, 112)
	for behind, want := range map[uint64]string{
		112:            "hello@112",
		109:            "hello@109 112",
		108:            "hello@108 109 112",
		107:            "hello@107 109 112",
		103:            "hello@103 107 109 112",
		102:            "hello@0 gap?@106 107 109 112",
		100:            "hello@0 gap?@106 107 109 112",
		0:              "hello@0 gap?@106 107 109 112",
		113:            "hello@0 gap?@106 107 109 112",
		math.MaxUint64: "hello@0 gap?@106 107 109 112",
	} {
		s := newConn(t, plenty)
		b.attend(s, Options{Start: b.Resume(Position{a.At(a.Live()).Epoch, behind})})
		b.rounds()
		mustRead(t, s, want)
	}
	if at := b.Oldest(); at != (Position{EpochOf("stream"), 103}) {
		t.Errorf("the oldest position is %v", at)
	}
}

// Messages that are missing on the backbone make the positions before them gone, and
// numbers that are used a second time fool nobody. Connected clients stay.
func TestAdoptAgain(t *testing.T) {
	for about, tt := range map[string]struct {
		name   string
		behind uint64
		keeps  bool // the epoch
	}{
		"trimmed":             {"stream", 20, true},
		"numbers used again":  {"stream", 3, false},
		"another stream":      {"stream made anew", 0, false},
		"no numbers any more": {"", 0, false},
	} {
		t.Run(about, func(t *testing.T) {
			f := still(t, Config{})
			f.Adopt("stream", 5)
			f.number(6, 8, 10)
			c := f.attend(newConn(t, plenty), Options{Start: f.Live()})
			old := c.Position().Epoch

			f.Adopt(tt.name, tt.behind)
			from := f.At(f.Live())
			if from.Seq != tt.behind || (from.Epoch == old) != tt.keeps || f.Oldest() != from {
				t.Errorf("goes on at %v, the oldest is %v, the old epoch is %s", from, f.Oldest(), old)
			}
			f.number(tt.behind+2, tt.behind+3)
			for n := range uint64(30) {
				if at := (Position{old, n}); n < 20 && !f.Resume(at).Gone() {
					t.Errorf("%v is not gone", at)
				}
			}
			if start := f.Resume(from); start.Gone() || f.At(start) != from {
				t.Errorf("%v is gone", from)
			}
			if at := c.Position(); !f.Resume(at).Gone() {
				t.Errorf("its client stands at %v, which is not gone", at)
			}
			f.rounds()
			if at := c.Position(); at != f.At(f.Live()) {
				t.Errorf("its client stands at %v, the feed at %v", at, f.At(f.Live()))
			}
		})
	}
}

// A number that does not rise is not told twice (I3).
func TestNumbersRise(t *testing.T) {
	f := still(t, Config{})
	f.Adopt("stream", 5)
	var last uint64
	for _, n := range []uint64{6, 6, 3, 0, 20, 19} {
		f.number(n)
		if at := f.At(f.Live()).Seq; at <= last {
			t.Errorf("number %d stands at %d behind %d", n, at, last)
		} else {
			last = at
		}
	}
}

// The newest messages are those after the last break: messages that are missing there
// would be a silent gap (I4).
func TestLastStopsAtWhatIsMissing(t *testing.T) {
	f := still(t, Config{})
	f.Adopt("stream", 5)
	f.number(6, 7)
	f.Adopt("stream", 9)
	f.number(10, 11)
	if at := f.At(f.Last(4, f.lane)); at.Seq != 9 {
		t.Errorf("the last 4 begin behind %v", at)
	}
}

// A client that gets the newest messages when nothing has come after the last break
// stands after the break, and its position is good.
func TestSnapshotStandsAfterTheBreak(t *testing.T) {
	f := still(t, Config{Snapshot: SnapshotSize{Keys: 10}})
	f.Adopt("stream", 5)
	f.sayOf("a", "b")
	f.snapshot.catchUp()
	f.Adopt("stream", 20)
	live := f.At(f.Live())
	if messages, at := f.Snapshot(nil); len(messages) != 2 || at != live || f.Resume(at).Gone() {
		t.Errorf("%d messages, up to %v, want %v", len(messages), at, live)
	}
	lane := must(f.Lane(tellable(), must(NewFilter([]string{"none"}))))
	if at := f.At(f.Newest(lane)); at != live {
		t.Errorf("of nothing that is wanted it begins behind %v, want %v", at, live)
	}
	f.Release(lane)
	c := f.attendWithSnapshot(newConn(t, plenty), Evict)
	f.rounds()
	if at := c.Position(); at != live {
		t.Errorf("who got it stands at %v, want %v", at, live)
	}
}

// Relays of different versions agree.
func TestEpochOf(t *testing.T) {
	if a, b := EpochOf("a"), EpochOf("b"); a != "pabo24ma" || b == a || !validEpoch(b) {
		t.Errorf("epochs %q and %q", a, b)
	}
}

// A position that another relay was a little faster to tell is waited for, as long
// as it may come.
func TestAwait(t *testing.T) {
	for name, tt := range map[string]struct {
		config Config
		adopt  bool
		down   bool
		at     uint64
		says   uint64 // published after a second
		want   bool
		after  time.Duration // at most
	}{
		"reached":               {Config{Backbone: true}, true, false, 5, 0, true, 0},
		"reached soon":          {Config{Backbone: true}, true, false, 7, 7, true, 1100 * time.Millisecond},
		"never, source is up":   {Config{Backbone: true}, true, false, 99, 7, true, 2 * time.Second},
		"not yet, source down":  {Config{Backbone: true}, true, true, 99, 7, false, 2 * time.Second},
		"backbone not reached":  {Config{Backbone: true}, false, false, 5, 0, false, 2 * time.Second},
		"numbers of one's own":  {Config{}, false, false, 99, 0, true, 0},
		"own, with a source up": {Config{}, false, true, 99, 0, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := running(t, tt.config)
				if tt.adopt {
					f.Adopt("stream", 5)
				}
				if tt.down {
					f.Source(false, 0)
				}
				time.AfterFunc(time.Second, func() {
					if tt.says > 0 {
						f.number(tt.says)
					}
				})
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				got := f.Await(ctx, Position{EpochOf("stream"), tt.at})
				if took := time.Since(began); got != tt.want || took > tt.after {
					t.Errorf("%v after %v, want %v after at most %v", got, took, tt.want, tt.after)
				}
				time.Sleep(2 * time.Second)
			})
		})
	}
}
