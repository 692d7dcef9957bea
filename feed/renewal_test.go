package feed

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/internal/retry"
	"fantail/feed/renew"
	"fantail/feed/stage"
)

// ticks is a source that numbers its messages by the time, one every interval,
// and greets each connection. A connection gets what comes after its opening,
// late by its lag.
func ticks(begin time.Time, every, lag time.Duration, lasting time.Duration, greeting string) []step {
	now := time.Since(begin)
	first := now/every + 1
	steps := []step{{text: greeting}}
	due := now
	for n := first; n*every < now+lasting; n++ {
		steps = append(steps, step{after: n*every + lag - due, text: fmt.Sprint(int64(n))})
		due = n*every + lag
	}
	return append(steps, step{err: errGone})
}

// renewing runs a script under a renewal.
func renewing(t *testing.T, s *script, age time.Duration, id string, notify func(bool, time.Duration)) *running {
	t.Helper()
	r := prepareRenewing(t, s, age, id, notify)
	r.run(t)
	return r
}

func prepareRenewing(t *testing.T, s *script, age time.Duration, id string, notify func(bool, time.Duration)) *running {
	t.Helper()
	r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
	r.Feed = scriptFeed(s, r.sink, zerolog.New(r.log))
	ids, err := stage.NewIdentifier(id)
	if err != nil {
		t.Fatal(err)
	}
	if notify != nil {
		r.sources[0].out.(*direct).notify = notify
	}
	r.sources[0].driver = renew.New(s, renew.Config{Age: age, IDs: ids, Log: r.sources[0].log, Failed: r.sources[0].meter.failed, Lost: r.sources[0].changedOver})
	r.sink.Patience, r.log.Patience = feedtest.PatienceBubble, feedtest.PatienceBubble
	return r
}

// wantConsecutive wants the numbers from 1 to the last, without greetings.
func wantConsecutive(t *testing.T, got []string) {
	t.Helper()
	n := 0
	for _, text := range got {
		if strings.HasPrefix(text, "hello") {
			continue
		}
		if n++; text != fmt.Sprint(n) {
			t.Fatalf("message %d is %s", n, text)
		}
	}
	if n == 0 {
		t.Error("no messages")
	}
}

// TestOverlapLosesAndRepeatsNothing replaces connections that lag differently,
// for a day; the source ends each connection a while after its age.
func TestOverlapLosesAndRepeatsNothing(t *testing.T) {
	for _, id := range []string{"hash", "re:^([0-9]+)$"} {
		t.Run(id, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var told []string
				s := &script{play: func(n int, c *scripted) error {
					lag := time.Duration(n%3) * 700 * time.Millisecond
					c.steps = ticks(begin, 400*time.Millisecond, lag, 70*time.Minute, fmt.Sprint("hello ", n))
					return nil
				}}
				r := renewing(t, s, time.Hour, id, func(up bool, _ time.Duration) { told = append(told, fmt.Sprint(up)) })
				time.Sleep(24 * time.Hour)
				synctest.Wait()
				st, open := r.Stats(), int(s.live.Load()) // two, if a handover goes on
				r.stop()
				wantConsecutive(t, r.sink.Payloads())
				if n := len(r.sink.Messages()); n < 24*60*60*10/4-10 {
					t.Errorf("%d messages in a day", n)
				}
				if len(s.opened) < 24 || s.most != 2 || s.live.Load() != 0 {
					t.Errorf("%d connections, %d at once, %d left open", len(s.opened), s.most, s.live.Load())
				}
				if len(told) > 0 || st.Outage != 0 || int(st.Reconnects[driver.ReasonMaxAge]) != len(s.opened)-open {
					t.Errorf("told %q of an outage of %v; %d replaced of %d", told, st.Outage, st.Reconnects[driver.ReasonMaxAge], len(s.opened))
				}
				if st.Dropped[driver.DropCopy] == 0 || st.Dropped[driver.DropOverlap] == 0 {
					t.Errorf("dropped %v", st.Dropped)
				}
			})
		})
	}
}

// TestOverlapKeepsTheOldOneWhileThereIsNoNew: openings that fail are tried again
// with waits, and a successor that is lost costs nothing.
func TestOverlapKeepsTheOldOneWhileThereIsNoNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{}
		s.play = func(n int, c *scripted) error {
			switch {
			case n == 0:
				c.steps = ticks(begin, time.Second, 0, 24*time.Hour, "hello")
			case n < 10:
				return errGone
			case n == 10:
				c.steps = []step{{text: "hello"}, {after: time.Second, err: errGone}}
			default:
				c.steps = ticks(begin, time.Second, time.Millisecond, 2*time.Hour, "hello")
			}
			return nil
		}
		r := renewing(t, s, time.Hour, "hash", nil)
		time.Sleep(90 * time.Minute)
		r.stop()
		wantConsecutive(t, r.sink.Payloads())
		if gaps := s.gaps(); len(s.opened) != 12 || slices.Min(gaps) < retry.First {
			t.Errorf("%d connections, after waits of %v", len(s.opened), gaps)
		}
		if st := r.Stats(); st.Reconnects[driver.ReasonLost] != 10 || st.Outage != 0 {
			t.Errorf("got %+v", st)
		}
		r.log.Wait(t, "the old one goes on")
	})
}

// TestOverlapOfAQuietFeed goes over without a message that shows that it may.
func TestOverlapOfAQuietFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(n int, c *scripted) error {
			c.steps = []step{{text: fmt.Sprint("hello ", n)}}
			return nil
		}}
		r := renewing(t, s, time.Hour, "hash", nil)
		time.Sleep(100 * time.Minute)
		r.stop()
		if got := r.sink.Payloads(); !slices.Equal(got, []string{"hello 0", "hello 1"}) || s.most != 2 || s.live.Load() != 0 {
			t.Errorf("got %q over %d connections at once", got, s.most)
		}
	})
}

// TestOverlapIsNotIdle: what is held back is a sign of life.
func TestOverlapIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{play: func(n int, c *scripted) error {
			c.steps = []step{{text: "hello"}}
			if n > 0 {
				c.steps = ticks(begin, time.Second, 0, time.Hour, "hello again")
			}
			return nil
		}}
		r := prepareRenewing(t, s, 2*time.Second, "hash", nil)
		r.sources[0].idle = 5 * time.Second
		r.run(t)
		time.Sleep(13 * time.Second) // longer than a handover waits
		r.stop()
		if n := r.Stats().Reconnects[driver.ReasonIdle]; n != 0 {
			t.Errorf("%d times idle", n)
		}
	})
}

// TestOverlapIsRefused where the source is asked to go on from what was read:
// that may be beyond what was published.
func TestOverlapIsRefused(t *testing.T) {
	for _, cfg := range []Config{
		{Sources: Sources{URL: "ws://h/?at={cursor}"}, Messages: Messages{Cursor: "at"}},
		{Sources: Sources{URL: "ws://h/"}, Dialling: Dialling{Resume: true}},
		{Sources: Sources{URL: "https://h/"}},
		{Sources: Sources{URL: "ws://h/ http://h/"}},
	} {
		cfg.Renewal.MaxAge = time.Hour
		if _, err := New(cfg, feedtest.NewSink(), zerolog.Nop()); err != nil {
			t.Errorf("%+v without overlap: %v", cfg, err)
		}
		cfg.Renewal.Overlap = true
		if _, err := New(cfg, feedtest.NewSink(), zerolog.Nop()); err == nil || !strings.Contains(err.Error(), "Config.Renewal.Overlap") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// TestOverlapTellsOfALossDuringIt: the old connection dies while nothing shows yet
// that the new one has all that follows.
func TestOverlapTellsOfALossDuringIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		dies := make(chan struct{})
		s := &script{}
		s.play = func(n int, c *scripted) error {
			if n == 0 {
				c.steps, c.dies = []step{{text: "a"}}, dies
				return nil
			}
			c.steps = []step{{text: "b"}}
			time.AfterFunc(time.Second, func() { close(dies) })
			return nil
		}
		r := renewing(t, s, time.Hour, "hash", func(up bool, _ time.Duration) { told = append(told, fmt.Sprint(up)) })
		time.Sleep(61 * time.Minute)
		synctest.Wait()
		r.stop()
		if got := r.sink.Payloads(); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("got %q", got)
		}
		if st := r.Stats(); !slices.Equal(told, []string{"false", "true"}) || st.Reconnects[driver.ReasonLost] != 1 || len(s.opened) != 2 {
			t.Errorf("told %q, %+v over %d connections", told, st, len(s.opened))
		}
	})
}

// TestMaxAgeReconnectsAtOnce: without overlap, and however quiet the feed is.
func TestMaxAgeReconnectsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(int, *scripted) error { return nil }}
		r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
		r.Feed = scriptFeed(s, r.sink, zerolog.New(r.log))
		r.sources[0].age = time.Hour
		r.run(t)
		time.Sleep(100 * time.Hour)
		r.stop()
		for _, gap := range s.gaps() {
			if gap > time.Hour || gap < 54*time.Minute {
				t.Errorf("a connection lasted %v", gap)
			}
		}
		if n := len(s.opened); n < 100 || s.most != 1 || r.Stats().Reconnects[driver.ReasonMaxAge] != uint64(n-1) {
			t.Errorf("%d connections, %d at once, %+v", n, s.most, r.Stats())
		}
	})
}
