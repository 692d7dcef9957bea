package feed

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/internal/retry"
	"fantail/hub"
)

// script is a driver whose n-th connection (from 0) does what play says.
type script struct {
	play   func(n int, c *scripted) error // called by open
	opened []time.Time
	live   atomic.Int32 // connections open now
	most   int32        // the most there were at once
}

func (s *script) Open(ctx context.Context) (driver.Stream, error) {
	n := len(s.opened)
	s.opened = append(s.opened, time.Now())
	c := &scripted{ctx: ctx, script: s}
	if err := s.play(n, c); err != nil {
		return nil, err
	}
	s.most = max(s.most, s.live.Add(1))
	return c, nil
}

// scripted is a stream that plays steps; behind the last it stays silent.
type scripted struct {
	ctx    context.Context
	script *script
	steps  []step
	dies   <-chan struct{} // ends the silence behind them; nil = nothing does
}

// step is what one call of next returns, after a wait.
type step struct {
	after time.Duration
	text  string
	err   error
	event driver.Event // in the place of a message with the text
}

func (c *scripted) Next() (driver.Event, error) {
	if len(c.steps) == 0 {
		select {
		case <-c.dies:
			return driver.Event{}, errGone
		case <-c.ctx.Done():
			return driver.Event{}, c.ctx.Err()
		}
	}
	s := c.steps[0]
	c.steps = c.steps[1:]
	if !driver.Sleep(c.ctx, s.after) {
		return driver.Event{}, c.ctx.Err()
	}
	if s.event.Kind != driver.KindMessage {
		return s.event, nil
	}
	return driver.Message(&hub.Input{Payload: []byte(s.text)}), s.err
}

func (c *scripted) Close() { c.script.live.Add(-1) }

func startScript(t *testing.T, s *script, idle time.Duration) *running {
	r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
	r.Feed = scriptFeed(s, r.sink, zerolog.New(r.log))
	r.sources[0].idle = idle
	r.sink.Patience, r.log.Patience = feedtest.PatienceBubble, feedtest.PatienceBubble
	r.run(t)
	return r
}

// scriptFeed returns a feed whose only source is a script.
func scriptFeed(d driver.Driver, pub Publisher, log zerolog.Logger) *Feed {
	return &Feed{sources: []*source{openSource(d, "script:", &direct{Publisher: pub}, log)}}
}

var errGone = driver.Fail(driver.ReasonLost, "gone")

// gaps returns the times between the openings of connections.
func (s *script) gaps() []time.Duration {
	var d []time.Duration
	for i := 1; i < len(s.opened); i++ {
		d = append(d, s.opened[i].Sub(s.opened[i-1]))
	}
	return d
}

func TestU2ReconnectAtOnceThenBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(int, *scripted) error { return errGone }}
		r := startScript(t, s, 0)
		time.Sleep(2 * time.Hour)
		r.stop()
		gaps := s.gaps()
		if len(gaps) < 100 {
			t.Fatalf("only %d retries in 2 h", len(gaps))
		}
		if gaps[0] != 0 {
			t.Errorf("the first retry waited %v, want none", gaps[0])
		}
		bound := retry.First
		for i, gap := range gaps[1:] {
			if gap > bound+1 {
				t.Errorf("retry %d waited %v, more than %v", i+2, gap, bound)
			}
			bound = min(2*bound, retry.Most)
		}
		if n := r.Stats().Reconnects[driver.ReasonLost]; n != uint64(len(s.opened)) {
			t.Errorf("%d failures counted, %d connections tried", n, len(s.opened))
		}
	})
}

// TestU2FlappingIsNoHotLoop: a source that greets and drops at once is tried
// again with back-off, over one connection at a time.
func TestU2FlappingIsNoHotLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(_ int, c *scripted) error {
			c.steps = []step{{text: "hello"}, {err: errGone}}
			return nil
		}}
		r := startScript(t, s, 0)
		begin := time.Now()
		r.sink.Wait(t, 100)
		if took := time.Since(begin); took < 10*time.Minute {
			t.Errorf("100 connections within %v", took)
		}
		r.stop()
		if s.most != 1 || s.live.Load() != 0 {
			t.Errorf("at most %d connections at once, %d left open", s.most, s.live.Load())
		}
	})
}

func TestBackOffStartsOverOnceDataFlowed(t *testing.T) {
	for _, tt := range []struct {
		name  string
		late  time.Duration // age of the connection at its last message
		reset bool
	}{{"just settled", settle, true}, {"not settled", settle - 1, false}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{play: func(n int, c *scripted) error {
					if n != 10 {
						return errGone
					}
					c.steps = []step{{text: "a"}, {after: tt.late, text: "b"}, {after: time.Minute, err: errGone}}
					return nil
				}}
				r := startScript(t, s, 0)
				r.sink.Wait(t, 2)
				time.Sleep(2 * time.Minute)
				r.stop()
				wait := s.gaps()[10] - tt.late - time.Minute
				if tt.reset != (wait == 0) {
					t.Errorf("waited %v behind the connection, want none: %v", wait, tt.reset)
				}
			})
		})
	}
}

func TestU1WatchdogReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(n int, c *scripted) error {
			c.steps = []step{{after: 4 * time.Second, text: "a"}, {after: 4 * time.Second, event: driver.Dropped(driver.DropTooLarge)}, {after: 4 * time.Second, text: "b"}}
			return nil
		}}
		r := startScript(t, s, 5*time.Second)
		r.sink.Wait(t, 3)
		if gap := s.gaps()[0]; gap != 17*time.Second {
			t.Errorf("reconnected after %v, want 5 s behind the last message at 12 s", gap)
		}
		if line := r.log.Wait(t, "source is away"); !strings.Contains(line, `"reason":"idle"`) {
			t.Errorf("logged %s", line)
		}
		if got := r.Stats().Reconnects[driver.ReasonIdle]; got != 1 {
			t.Errorf("counted %d", got)
		}
	})
}

func TestWatchdogOffLeavesQuietFeedsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(int, *scripted) error { return nil }}
		r := startScript(t, s, 0)
		time.Sleep(1000 * time.Hour)
		r.stop()
		if len(s.opened) != 1 {
			t.Errorf("%d connections to a quiet source", len(s.opened))
		}
	})
}

func TestOutageIsAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{}
		s.play = func(n int, c *scripted) error {
			switch since := time.Since(begin); {
			case n == 0:
				c.steps = []step{{after: time.Minute, text: "a"}, {err: errGone}}
			case since < 2*time.Minute:
				return errGone
			default:
				c.steps = []step{{text: "b"}}
			}
			return nil
		}
		r := startScript(t, s, 0)
		time.Sleep(90 * time.Second)
		if got := r.Stats(); got.Outage != 30*time.Second || got.Connected || !got.EverConnected {
			t.Errorf("within the outage: %+v", got)
		}
		r.sink.Wait(t, 2)
		time.Sleep(time.Hour)
		back := s.opened[len(s.opened)-1].Sub(begin) - time.Minute
		if got := r.Stats(); got.Outage != back || !got.Connected {
			t.Errorf("after the outage of %v: %+v", back, got)
		}
		line := r.log.Wait(t, "source is back after "+back.Round(100*time.Millisecond).String())
		if !strings.Contains(line, `"failures":`) {
			t.Errorf("logged %s", line)
		}
		r.stop()
		if got := r.Stats(); got.Outage != back || got.Connected {
			t.Errorf("after the end: %+v", got)
		}
	})
}

func TestOutageCountsFromAFailedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startScript(t, &script{play: func(int, *scripted) error { return errGone }}, 0)
		time.Sleep(time.Minute)
		if got := r.Stats(); got.Outage != time.Minute || got.EverConnected {
			t.Errorf("got %+v", got)
		}
		r.stop()
		time.Sleep(time.Minute)
		if got := r.Stats(); got.Outage != time.Minute {
			t.Errorf("the outage grew after the end: %v", got.Outage)
		}
	})
}

func TestRunEnds(t *testing.T) {
	broken := errors.New("line 7 is nonsense")
	tests := []struct {
		name string
		open error
		next error
		want error
		log  string
	}{
		{"the source is finished", nil, io.EOF, nil, "source has ended"},
		{"it can never be read on", nil, broken, broken, ""},
		{"it can never be opened", broken, nil, broken, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{play: func(_ int, c *scripted) error {
				c.steps = []step{{text: "a"}, {err: tt.next}}
				return tt.open
			}}
			log := feedtest.NewJournal()
			err := scriptFeed(s, feedtest.NewSink(), zerolog.New(log)).Run(t.Context())
			if !errors.Is(err, tt.want) || len(s.opened) != 1 || s.live.Load() != 0 {
				t.Errorf("got %v after %d connections, %d left open", err, len(s.opened), s.live.Load())
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("logged %s", log)
			}
		})
	}
}

func TestRunEndsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(n int, _ *scripted) error { return errGone }}
		r := startScript(t, s, 0)
		time.Sleep(time.Hour)
		begin := time.Now()
		if err := r.stop(); err != nil || time.Since(begin) != 0 {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}

// TestU3NotUTF8IsDropped: such a text never reaches the hub, is counted, and is
// complained about at once and then once a minute.
func TestU3NotUTF8IsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(_ int, c *scripted) error {
			c.steps = []step{{text: "good"}}
			for range 100 {
				c.steps = append(c.steps, step{after: time.Second, text: "bad \xff"})
			}
			c.steps = append(c.steps, step{text: "good"})
			return nil
		}}
		r := startScript(t, s, 0)
		r.sink.Wait(t, 2)
		if got := r.sink.Payloads(); !slices.Equal(got, []string{"good", "good"}) {
			t.Errorf("published %q", got)
		}
		st := r.Stats()
		if st.Messages != 2 || st.Bytes != 8 || st.Dropped[driver.DropNotUTF8] != 100 {
			t.Errorf("got %+v", st)
		}
		log := r.log.String()
		if n := strings.Count(log, `"reason":"not-utf8"`); n != 2 {
			t.Errorf("%d complaints, want 2:\n%s", n, log)
		}
		if !strings.Contains(log, `"messages":1,`) || !strings.Contains(log, `"messages":60,`) {
			t.Errorf("the complaints don't tell how many:\n%s", log)
		}
	})
}

func TestBinaryNeedsNoUTF8(t *testing.T) {
	f := openSource(nil, "", &direct{Publisher: feedtest.NewSink()}, zerolog.Nop())
	f.publish(time.Now(), &hub.Input{Kind: hub.Binary, Payload: []byte{0xff}})
	if got := f.stats(); got.Messages != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestPublishCarriesTheReceiveTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(_ int, c *scripted) error {
			c.steps = []step{{after: time.Second, text: "a"}}
			return nil
		}}
		begin := time.Now()
		r := startScript(t, s, 0)
		got := r.sink.Wait(t, 1)[0]
		if got.Time != begin.Add(time.Second).UnixNano() || !r.Stats().LastMessage.Equal(time.Unix(0, got.Time)) {
			t.Errorf("got %v and %v", got.Time, r.Stats().LastMessage)
		}
	})
}

func TestPublishAllocatesNothing(t *testing.T) {
	f := openSource(nil, "", &direct{Publisher: discard{}}, zerolog.Nop())
	in := hub.Input{Payload: []byte(`{"a":1}`)}
	now := time.Now()
	if n := testing.AllocsPerRun(1000, func() { f.publish(now, &in) }); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

type discard struct{}

func (discard) Publish(hub.Input) {}

func BenchmarkPublish(b *testing.B) {
	f := openSource(nil, "", &direct{Publisher: discard{}}, zerolog.Nop())
	in := hub.Input{Payload: []byte(strings.Repeat("x", 200))}
	b.ReportAllocs()
	for b.Loop() {
		f.publish(time.Now(), &in)
	}
}
