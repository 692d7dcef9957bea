package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/peertest"
)

// severalRunning is several scripted sources under test, with what the clients were
// told.
type severalRunning struct {
	*running
	mu   sync.Mutex
	told []string
}

// startSeveral runs a feed whose sources are drivers, within a bubble.
func startSeveral(t *testing.T, cfg Config, drivers ...driver.Driver) *severalRunning {
	t.Helper()
	r := prepareSeveral(t, cfg, drivers...)
	r.run(t)
	return r
}

func prepareSeveral(t *testing.T, cfg Config, drivers ...driver.Driver) *severalRunning {
	t.Helper()
	r := &severalRunning{running: &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}}
	r.sink.Patience, r.log.Patience = feedtest.PatienceBubble, feedtest.PatienceBubble
	cfg.Events.Notify = func(up bool, outage time.Duration) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, map[bool]string{true: "up", false: "down"}[up])
	}
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		t.Fatal(err)
	}
	c := newCombination(cfg, r.sink, zerolog.New(r.log))
	for i, d := range drivers {
		c.add(openSource(d, fmt.Sprint("script ", i), c.port(), zerolog.New(r.log)))
	}
	var errCopies, errPolicy error
	c.copies, errCopies = newCopies(cfg, len(drivers))
	c.policy, errPolicy = newPolicy(cfg, c)
	if err := errors.Join(errCopies, errPolicy); err != nil {
		t.Fatal(err)
	}
	r.Feed = &Feed{sources: c.sources, several: c}
	return r
}

// notices returns what the clients were told.
func (r *severalRunning) notices() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.told, " ")
}

// ticking is a source that sends n, its own name in front, at each of its ticks
// since the beginning of the test, whoever listens. It is there unless told not
// to be.
type ticking struct {
	name  string
	every time.Duration
	begin time.Time
	lag   time.Duration
	drop  func(n int) bool // not sent; nil = all are

	mu    sync.Mutex
	down  bool
	conns map[*tickingStream]bool
	most  int // connections at once
	opens []time.Time
	had   map[int]bool // what was received of it
}

func newTicking(name string, every time.Duration) *ticking {
	return &ticking{name: name, every: every, begin: time.Now(), conns: map[*tickingStream]bool{}, had: map[int]bool{}}
}

func (d *ticking) Open(ctx context.Context) (driver.Stream, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return nil, driver.Fail(driver.ReasonDial, "%s is down", d.name)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s := &tickingStream{of: d, ctx: ctx, cut: cancel, at: int(time.Since(d.begin)/d.every) + 1}
	d.conns[s], d.most = true, max(d.most, len(d.conns))
	d.opens = append(d.opens, time.Now())
	return s, nil
}

// set takes the source down, or lets it come back. Either way its connections
// are cut.
func (d *ticking) set(down bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = down
	for s := range d.conns {
		s.cut(errGone)
	}
}

// live returns the number of connections.
func (d *ticking) live() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

type tickingStream struct {
	of  *ticking
	ctx context.Context
	cut context.CancelCauseFunc
	at  int
}

func (s *tickingStream) Next() (driver.Event, error) {
	for {
		n := s.at
		due := s.of.begin.Add(time.Duration(n)*s.of.every + s.of.lag)
		if !driver.Sleep(s.ctx, time.Until(due)) {
			return driver.Event{}, context.Cause(s.ctx)
		}
		s.at++
		if s.of.drop != nil && s.of.drop(n) {
			continue
		}
		s.of.mu.Lock()
		s.of.had[n] = true
		s.of.mu.Unlock()
		return driver.Message(&hub.Input{Payload: fmt.Appendf(nil, `{"n":%d,"from":"%s"}`, n, s.of.name)}), nil
	}
}

func (s *tickingStream) Close() {
	s.cut(nil)
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	delete(s.of.conns, s)
}

// tickOf returns a message's number and source.
func tickOf(t *testing.T, payload string) (n int, from string) {
	t.Helper()
	if _, err := fmt.Sscanf(payload, `{"n":%d,"from":%q}`, &n, &from); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return n, from
}

// TestRaceFillsGaps: of two lines one is killed at random every second and the
// other loses 1% of its messages. Each number that either had is published once,
// in order.
func TestRaceFillsGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng, lost := rand.New(rand.NewPCG(8, 8)), rand.New(rand.NewPCG(8, 9))
		a, b := newTicking("a", 2*time.Millisecond), newTicking("b", 2*time.Millisecond)
		b.lag, b.drop = 7*time.Millisecond, func(int) bool { return lost.IntN(100) == 0 }
		r := prepareSeveral(t, Config{Sources: Sources{Mode: Race, Seq: "n"}}, a, b)
		r.sources[0].waits.Within(200 * time.Millisecond) // so that it is there for most of the time
		r.run(t)
		for range 60 {
			time.Sleep(time.Duration(rng.IntN(1000)) * time.Millisecond)
			a.set(false)
		}
		time.Sleep(time.Second)
		r.stop()
		var got []int
		for _, p := range r.sink.Payloads() {
			n, _ := tickOf(t, p)
			got = append(got, n)
		}
		last := got[len(got)-1]
		want, recovered, gaps := []int(nil), 0, 0
		for n := 1; n <= last; n++ {
			if a.had[n] || b.had[n] {
				want = append(want, n)
			} else {
				gaps++
			}
			if a.had[n] && !b.had[n] {
				recovered++
			}
		}
		s := r.Stats()
		if !slices.Equal(got, want) || recovered < 10 || len(got) < 5000 {
			t.Errorf("%d published, %d were there, %d of them on one line alone", len(got), len(want), recovered)
		}
		if s.Arbiter.Missed != uint64(gaps) || s.Arbiter.Restarts != 0 || s.Messages != uint64(len(got)) {
			t.Errorf("%d numbers on neither line; counted %+v", gaps, s.Arbiter)
		}
		if told := r.notices(); told != "" {
			t.Errorf("clients were told %s although one line was always up", told)
		}
		if lines := s.Sources; len(lines) != 2 || lines[0].Reconnects[driver.ReasonLost] < 30 || lines[1].Reconnects[driver.ReasonLost] != 0 || lines[0].Outage == 0 || s.Outage != 0 {
			t.Errorf("sources %+v", lines)
		}
	})
}

// TestRaceFirstCopyWins: without numbers each message is published once, from
// whichever line brings it first.
func TestRaceFirstCopyWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newTicking("x", 10*time.Millisecond), newTicking("x", 10*time.Millisecond)
		b.lag = 3 * time.Millisecond
		r := startSeveral(t, Config{Sources: Sources{Mode: Race}}, a, b)
		time.Sleep(10 * time.Second)
		a.set(true)
		time.Sleep(10 * time.Second)
		r.stop()
		got := r.sink.Payloads()
		for i, p := range got {
			if n, _ := tickOf(t, p); n != i+1 {
				t.Fatalf("message %d is %s", i, p)
			}
		}
		if s := r.Stats(); len(got) < 1990 || s.Arbiter.Repeated < 990 {
			t.Errorf("%d published, %+v", len(got), s.Arbiter)
		}
	})
}

func TestMergeRelaysAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newTicking("a", 10*time.Millisecond), newTicking("b", 10*time.Millisecond)
		r := startSeveral(t, Config{Sources: Sources{Mode: Merge}}, a, b)
		time.Sleep(time.Second)
		r.stop()
		next := map[string]int{"a": 1, "b": 1}
		for _, p := range r.sink.Payloads() {
			n, from := tickOf(t, p)
			if n != next[from] {
				t.Fatalf("%s, want %d", p, next[from])
			}
			next[from]++
		}
		if next["a"] < 99 || next["b"] < 99 {
			t.Errorf("came to %v", next)
		}
	})
}

// TestSeveralTellClients: the source is down when none is left, and up with the
// first that is back.
func TestSeveralTellClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newTicking("a", 10*time.Millisecond), newTicking("b", 10*time.Millisecond)
		a.set(true)
		r := startSeveral(t, Config{Sources: Sources{Mode: Merge}}, a, b)
		expect := func(want string, connected bool) {
			t.Helper()
			synctest.Wait()
			if told := r.notices(); told != want || r.Stats().Connected != connected {
				t.Errorf("told %q, want %q; %+v", told, want, r.Stats())
			}
		}
		time.Sleep(time.Minute)
		expect("", true)
		b.set(true)
		expect("down", false)
		time.Sleep(time.Minute)
		a.set(false)
		time.Sleep(time.Minute)
		expect("down up", true)
		b.set(false)
		time.Sleep(time.Minute)
		expect("down up", true)
		if s := r.Stats(); s.Outage < time.Minute || s.Outage > 2*time.Minute {
			t.Errorf("an outage of %v", s.Outage)
		}
	})
}

func TestSeveralUnreachableAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for mode := range modes {
			a, b := newTicking("a", time.Second), newTicking("b", time.Second)
			a.set(true)
			b.set(true)
			r := startSeveral(t, Config{Sources: Sources{Mode: mode}}, a, b)
			time.Sleep(time.Hour)
			if r.notices() != "down" || r.Stats().EverConnected {
				t.Errorf("%v: told %q, %+v", mode, r.notices(), r.Stats())
			}
			b.set(false)
			time.Sleep(time.Minute)
			if r.notices() != "down up" {
				t.Errorf("%v: told %q", mode, r.notices())
			}
			r.stop()
		}
	})
}

// TestSeveralEnd: a feed ends when all of its sources have, and tells what was
// wrong with them.
func TestSeveralEnd(t *testing.T) {
	broken := errors.New("line 7 is nonsense")
	for mode := range modes {
		synctest.Test(t, func(t *testing.T) {
			ending := func(err error) *script {
				return &script{play: func(_ int, c *scripted) error {
					c.steps = []step{{text: `{"n":1}`}, {after: time.Second, text: `{"n":3}`}, {err: err}}
					return nil
				}}
			}
			a, b := ending(io.EOF), ending(broken)
			cfg := Config{Sources: Sources{Mode: mode}}
			if mode == Race {
				cfg.Sources.Seq = "n"
			}
			r := startSeveral(t, cfg, a, b)
			time.Sleep(time.Hour)
			want := map[Mode]string{Failover: "1313", Race: "13", Merge: "1133"}[mode]
			got := strings.NewReplacer(`{"n":`, "", "}", "").Replace(strings.Join(r.sink.Payloads(), ""))
			if got != want || r.notices() != "down" && r.notices() != "down up down" {
				t.Errorf("%v: got %s, want %s; told %s", mode, got, want, r.notices())
			}
			if err := r.stop(); !errors.Is(err, broken) {
				t.Errorf("%v: %v", mode, err)
			}
		})
	}
}

func TestSourceURLs(t *testing.T) {
	for in, want := range map[string][]string{
		"":                             nil,
		"demo:":                        {"demo:"},
		" wss://a/x  ws://b\n\tdemo: ": {"wss://a/x", "ws://b", "demo:"},
		"replay:/my files/a  b.txt?loop=1 wss://h/a": {"replay:/my files/a  b.txt?loop=1", "wss://h/a"},
		"wss://a b.example/":                         {"wss://a", "b.example/"},
		"replay:a replay:a x":                        {"replay:a", "replay:a x"},
	} {
		if got := SourceURLs(in); !slices.Equal(got, want) {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

func TestNewSeveralSaysWhatToChange(t *testing.T) {
	tests := []struct {
		cfg  Config
		want []string
	}{
		{Config{Sources: Sources{URL: "wss://a htps://b"}}, []string{"source 2 of 2", `unknown scheme "htps"`}},
		{Config{Sources: Sources{URL: "wss:// ws://h/#x"}}, []string{"source 1 of 2", "names no host", "source 2 of 2", "fragment"}},
		{Config{Sources: Sources{URL: "stdin: stdin:"}, Stdin: strings.NewReader("")}, []string{"stdin: twice"}},
		{Config{Sources: Sources{URL: strings.Repeat("demo: ", 17)}}, []string{"17 sources", "at most 16"}},
		{Config{Sources: Sources{URL: "demo: PUSH:"}}, []string{"push: among several", "merge"}},
		{Config{Sources: Sources{URL: "push: demo:", Mode: Race}}, []string{"push: among several", "merge"}},
		{Config{Sources: Sources{URL: "demo:", Seq: "n"}}, []string{"Config.Sources.Mode=race"}},
		{Config{Sources: Sources{URL: "demo: demo:", Mode: Race, Seq: "re:("}}, []string{"Config.Sources.Seq"}},
		{Config{Sources: Sources{URL: "demo: demo:", Mode: 9, GapWait: -1, Failback: -2}}, []string{"Sources.Mode", "Sources.GapWait", "Sources.Failback"}},
	}
	for _, tt := range tests {
		if _, err := New(tt.cfg, feedtest.NewSink(), zerolog.Nop()); err == nil || !feedtest.Holds(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.cfg.Sources.URL, err, tt.want)
		}
	}
	for m := range modes {
		if got, err := ParseMode(m.String()); got != m || err != nil {
			t.Errorf("%v: %v, %v", m, got, err)
		}
	}
	if _, err := ParseMode("rce"); err == nil || !strings.Contains(err.Error(), "failover or race or merge") {
		t.Error(err)
	}
}

func TestSeveralTakeNoDemand(t *testing.T) {
	for _, mode := range []Mode{Failover, Race, Merge} {
		_, err := New(Config{Sources: Sources{URL: "nats://g?subject=a nats://h?subject=a.{key}", Mode: mode}}, feedtest.NewSink(), zerolog.Nop())
		if err == nil || !strings.Contains(err.Error(), "{key} is of no use with several sources") {
			t.Errorf("%v: %v", mode, err)
		}
	}
}

func TestPushAmongMerged(t *testing.T) {
	r := start(t, Config{Sources: Sources{URL: "stdin: push:", Mode: Merge}, Stdin: strings.NewReader("")})
	if err := r.Push([]hub.Input{{Payload: []byte("x")}}); err != nil {
		t.Error(err)
	}
	r.sink.Wait(t, 1)
}

// Nobody has to listen to what relays say that are among several sources.
func TestSeveralNoticesToNobody(t *testing.T) {
	var urls []string
	for range 2 {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set(fantailv1.PositionHeader, "aaaaaaaa-1")
			io.WriteString(w, "event: notice\ndata: {\"notice\":\"source\",\"pos\":\"aaaaaaaa-1\",\"state\":\"up\"}\n\nid: aaaaaaaa-2\ndata: m\n\n")
		}))
		t.Cleanup(srv.Close)
		urls = append(urls, srv.URL)
	}
	r := start(t, Config{Sources: Sources{URL: strings.Join(urls, " "), Mode: Merge}})
	peertest.Eventually(t, "a message of each", func() bool { return r.Stats().Messages >= 2 })
}
