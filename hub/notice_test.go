package hub

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// The words on the wire are a contract.
func TestNoticeWords(t *testing.T) {
	want := map[NoticeKind]string{Hello: "hello", Gap: "gap", SourceDown: "source", SourceUp: "source", Heartbeat: "heartbeat"}
	if len(want) != len(noticeWords) {
		t.Errorf("%d kinds are listed of %d", len(want), len(noticeWords))
	}
	for kind, word := range want {
		if kind.String() != word {
			t.Errorf("kind %d is %q, want %q", kind, kind, word)
		}
	}
}

// Hello comes first, whatever else is due. The close frame comes last, and nothing
// after it.
func TestNoticesInOrder(t *testing.T) {
	f := still(t, Config{})
	f.say(3, 20)
	s := newConn(t, 0)
	c := f.attend(s, Options{Start: f.Resume(f.position(1))})
	c.tell(dueHeartbeat)
	c.tell(dueSource)
	c.Control(testFrame(framePong, ""))
	s.open(plenty)
	f.rounds()
	mustRead(t, s, "hello@1 up@1 beat@1 Q 2 3")
	c.Leave(Flood)
	c.tell(dueHeartbeat)
	c.Control(testFrame(framePong, ""))
	f.say(1, 20)
	f.rounds()
	mustRead(t, s, "hello@1 up@1 beat@1 Q 2 3 flood@3")
}

// A format without notices gets none, whatever happens.
func TestNoNoticesForRaw(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.Live())
	c.tell(dueHeartbeat)
	f.say(1, 20)
	f.rounds()
	mustRead(t, s, "1")
}

// Two jumps before the client can be told of the first are one gap.
func TestGapsMerge(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, 7)
	c := f.attend(s, Options{Policy: Skip})
	c.offer(nil) // 7 bytes of the hello
	f.say(4, 20)
	c.overrun()
	f.say(3, 20)
	c.overrun()
	s.open(plenty)
	f.rounds()
	f.say(1, 20)
	f.rounds()
	mustRead(t, s, "hello@0 gap0-7=7 8")
	if n := f.Stats().Gaps; n != 2 {
		t.Errorf("%d gaps counted, want 2", n)
	}
}

// A client can resume from the position that hello tells, even while a gap still has to
// be told: a client that breaks off in between loses nothing in silence.
func TestHelloBeforeGap(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}})
	f.say(10, 20)
	s := newConn(t, plenty)
	f.attend(s, Options{Start: f.Resume(f.position(2))})
	f.rounds()
	mustRead(t, s, "hello@2 gap2-6=4 7 8 9 10")

	s = newConn(t, 0)
	c := f.attend(s, Options{Start: f.Resume(f.position(10)), Policy: Skip})
	f.say(3, 20)
	c.overrun()
	s.open(plenty)
	f.rounds()
	mustRead(t, s, "hello@10 gap10-13=3")
}

// Gone with notices: the gap is told, and all that is held follows. Of another
// epoch nothing is known; how many of the lost a filter wanted, neither.
func TestGoneWithNotices(t *testing.T) {
	for name, tt := range map[string]struct {
		at   Position
		keys []string
		want string
	}{
		"too old":         {Position{Seq: 3}, nil, "hello@3 gap3-6=3 7 8 9 10"},
		"of a filter":     {Position{Seq: 3}, []string{"a"}, "hello@3 gap3-6=0+ 7 9"},
		"another epoch":   {Position{Epoch: "00000000", Seq: 9}, nil, "hello@0 gap?@6 7 8 9 10"},
		"of a filter too": {Position{Epoch: "00000000", Seq: 9}, []string{"b"}, "hello@0 gap?@6 8 10"},
		"never reached":   {Position{Seq: 11}, nil, "hello@0 gap?@6 7 8 9 10"},
		"oldest":          {Position{Seq: 6}, nil, "hello@6 7 8 9 10"},
	} {
		t.Run(name, func(t *testing.T) {
			f := still(t, Config{Ring: RingSize{Messages: 4}})
			f.sayOf("a", "b", "a", "b", "a", "b", "a", "b", "a", "b")
			if tt.at.Epoch == "" {
				tt.at.Epoch = f.epoch
			}
			s := newConn(t, plenty)
			f.attend(s, Options{Start: f.Resume(tt.at)}, tt.keys...)
			f.rounds()
			mustRead(t, s, tt.want)
		})
	}
}

// Between the answer to a handshake and the first write the oldest message may be
// dropped: the client begins a little later and is told, rather than sent away.
func TestGoneAndLappedAtOnce(t *testing.T) {
	for policy, want := range map[Policy]string{
		Evict: "hello@0 gap0-36=36 gap36-54=18",
		Skip:  "hello@0 gap0-36=36 gap36-54=18",
	} {
		f := still(t, Config{Ring: RingSize{Messages: 64}, Queue: Bounds{Messages: 64}})
		f.say(100, 20)
		s := newConn(t, plenty)
		start := f.Resume(f.position(0))
		f.say(15, 20)
		f.attend(s, Options{Start: start, Policy: policy})
		f.rounds()
		for seq := 55; seq <= 115; seq++ {
			want += " " + strconv.Itoa(seq)
		}
		mustRead(t, s, want)
	}
}

// Once only: a client that does not take what it is given is slow.
func TestBeginsLaterOnlyOnce(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 8}})
	f.say(20, 20)
	s := newConn(t, 0)
	c := f.attend(s, Options{Start: f.Resume(f.position(0))})
	f.say(8, 20)
	c.overrun()
	if _, leaving := c.Reason(); leaving {
		t.Fatal("sent away before it began")
	}
	f.say(8, 20)
	c.overrun()
	if why, leaving := c.Reason(); !leaving || why != Slow {
		t.Error("not sent away as slow")
	}
}

// Heartbeats come every so often, also to clients that want nothing of what is sent.
func TestHeartbeats(t *testing.T) {
	for name, keys := range map[string][]string{"silence": nil, "nothing wanted": {"other"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := running(t, Config{Liveness: Liveness{Heartbeat: 5 * time.Second}})
				s := newConn(t, plenty)
				f.attend(s, Options{Start: f.Live()}, keys...)
				for range 21 {
					pass(500 * time.Millisecond)
					if keys != nil {
						f.sayOf("unwanted")
					}
				}
				want := "hello@0 beat@0 beat@0"
				if keys != nil {
					want = "hello@0 beat@10 beat@20" // the position moves on
				}
				mustRead(t, s, want)
			})
		})
	}
}

// A message is as good as a heartbeat.
func TestNoHeartbeatWhileTheFeedRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{Liveness: Liveness{Heartbeat: time.Second}})
		s := newConn(t, plenty)
		f.attend(s, Options{})
		for range 5 {
			pass(700 * time.Millisecond)
			f.say(1, 20)
		}
		pass(time.Millisecond)
		mustRead(t, s, "hello@0 1 2 3 4 5")
	})
}

// A client that joins during an outage is told of it right after hello, before any
// message. A client that joins when the source is up is told nothing.
func TestJoinDuringAnOutage(t *testing.T) {
	f := still(t, Config{})
	f.say(2, 20)
	f.Source(false, 0)
	s := newConn(t, plenty)
	f.attend(s, Options{Start: f.first()})
	f.rounds()
	mustRead(t, s, "hello@0 down@0 1 2")
	f.Source(true, time.Second)
	s = newConn(t, plenty)
	f.attend(s, Options{Start: f.first()})
	f.rounds()
	mustRead(t, s, "hello@0 1 2")
}

// The source's state is told when it changes, to all clients that have notices. Changes
// between two looks are one. A client that comes while the source is away hears so at
// once.
func TestSourceNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		early, late := newConn(t, plenty), newConn(t, plenty)
		f.attend(early, Options{})
		pass(sweepEvery)
		f.Source(false, 0)
		f.Source(true, time.Second)
		f.Source(false, 0)
		f.attend(late, Options{})
		pass(sweepEvery)
		f.Source(true, 5*time.Second)
		pass(sweepEvery)
		mustRead(t, early, "hello@0 down@0 up@0")
		mustRead(t, late, "hello@0 down@0 up@0")
		if !f.SourceIsUp() {
			t.Error("the source is not up")
		}
	})
}
