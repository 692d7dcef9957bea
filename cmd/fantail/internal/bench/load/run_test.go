package load

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

// engines are the ways to read, by a change of the configuration.
var engines = map[string]func(*Config){
	"system's best": func(*Config) {},
	"goroutines":    func(c *Config) { c.portable = true },
}

// small is a run against url that takes half a second.
func small(url string) Config {
	return Config{
		URL: url, Clients: 20, ConnectRate: 1000, Duration: 500 * time.Millisecond, Sample: 5, PathTime: "t", PathSeq: "q",
	}
}

// until has a run go on until something is so and has had a moment to arrive.
func (c *Config) until(ok func() bool) {
	c.Longest = peertest.Patience
	was := 0
	c.Enough = func() bool {
		if ok() {
			was++
		}
		return was >= 3
	}
}

// untilSent has a run go on until the server has sent this much.
func (c *Config) untilSent(f *foreign, messages int64) {
	c.until(func() bool { return f.sent.Load() >= messages })
}

// mustRun runs c.
func mustRun(t *testing.T, c Config) Result {
	t.Helper()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunAgainstAForeignServer(t *testing.T) {
	t.Parallel()
	for name, change := range engines {
		t.Run(name, func(t *testing.T) {
			f := startForeign(t, false, feed(10*time.Millisecond, 100))
			c := small(f.url())
			change(&c)
			c.untilSent(f, 20*50)
			c.Header = http.Header{"Authorization": {"Bearer x"}}
			c.Send = []string{`{"op":"subscribe"}`}
			var open []bool
			c.Window = func(o bool) { open = append(open, o) }
			r := mustRun(t, c)
			if r.Clients != (Clients{Wanted: 20, Connected: 20, Sampled: 5}) || r.Partly || len(r.Closes) > 0 {
				t.Errorf("%+v", r)
			}
			if n := r.PerS.Deliveries * r.Seconds; r.Messages < 200 || r.Messages > f.sent.Load() || math.Abs(n-float64(r.Messages)) > 1 || r.PerS.Bytes < 100*r.PerS.Deliveries {
				t.Errorf("%d messages of %d, %+v a second in %v s", r.Messages, f.sent.Load(), r.PerS, r.Seconds)
			}
			if r.Latency == nil || r.Latency.Count < 20 || r.Latency.P50 > 20_000 || r.Latency.Max < r.Latency.P50 {
				t.Errorf("latency %+v", r.Latency)
			}
			if r.Order == nil || *r.Order != (Order{Gaps: 5, Missed: 5}) {
				t.Errorf("order %+v, want the one gap of each of the sample", r.Order)
			}
			if h := r.Connect.Handshake; h == nil || h.Count != 20 || r.Connect.PerS <= 0 || len(r.Connect.Failures) > 0 {
				t.Errorf("%+v", r.Connect)
			}
			if !slices.Equal(open, []bool{true, false}) {
				t.Errorf("window %v", open)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if len(f.got) != 20 || f.got[0] != c.Send[0] || f.requests[19].Get("Authorization") != "Bearer x" {
				t.Errorf("the server got %q, %v", f.got, f.requests[0])
			}
		})
	}
}

func TestRunWithTLS(t *testing.T) {
	t.Parallel()
	f := startForeign(t, true, feed(10*time.Millisecond, 100))
	c := small(f.url())
	c.untilSent(f, 20*20)
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority: %v", err)
	}
	c.Insecure = true
	if r := mustRun(t, c); r.Clients.Connected != 20 || r.Messages == 0 || r.Latency == nil {
		t.Errorf("%+v", r)
	}
}

// The server closes every second client; long messages come in many reads.
func TestRunCountsCloses(t *testing.T) {
	t.Parallel()
	for name, change := range engines {
		t.Run(name, func(t *testing.T) {
			var closed atomic.Int64
			send := feed(20*time.Millisecond, 100_000)
			f := startForeign(t, false, func(ctx context.Context, f *foreign, n int, conn *websocket.Conn) {
				if n%2 == 1 {
					conn.Close(4408, "slow; resume=a-1")
					closed.Add(1)
					return
				}
				send(ctx, f, n, conn)
			})
			c := small(f.url())
			change(&c)
			c.until(func() bool { return closed.Load() == 10 && f.sent.Load() >= 10*10 })
			c.Sample = c.Clients
			r := mustRun(t, c)
			if !slices.Equal(r.Closes, []Close{{4408, "slow", 10}}) {
				t.Errorf("closes %v", r.Closes)
			}
			// Of a message that was under way when the window opened, the first bytes do not count.
			whole := r.PerS.Deliveries - float64(c.Clients)/r.Seconds
			if r.Latency == nil || r.Order == nil || r.Order.Repeats != 0 || r.PerS.Bytes < 100_000*whole {
				t.Errorf("%+v, %+v, %+v", r.Latency, r.Order, r.PerS)
			}
		})
	}
}

// Stalled clients do not read, so a server that bounds its writes evicts them.
func TestRunWithStalledClients(t *testing.T) {
	t.Parallel()
	f := startForeign(t, false, feedWithin(2*time.Second, time.Millisecond, 200_000))
	c := small(f.url())
	c.Clients, c.Stalled = 4, 50
	c.until(func() bool { return f.cut.Load() >= 2 })
	r := mustRun(t, c)
	if r.Clients.Stalled != 2 || r.Clients.Evicted != 2 || r.Clients.Connected != 4 || r.Messages == 0 {
		t.Errorf("%+v, %d messages", r.Clients, r.Messages)
	}
	quiet := startForeign(t, false, func(ctx context.Context, _ *foreign, _ int, _ *websocket.Conn) { <-ctx.Done() })
	c.URL, c.Enough, c.Longest, c.Duration = quiet.url(), nil, 0, 100*time.Millisecond
	if r := mustRun(t, c); r.Clients.Stalled != 2 || r.Clients.Evicted != 0 {
		t.Errorf("a quiet server: %+v", r.Clients)
	}
}

func TestRunSaysWhyNobodyConnects(t *testing.T) {
	t.Parallel()
	refuse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	defer refuse.Close()
	for url, want := range map[string]string{
		"ws" + strings.TrimPrefix(refuse.URL, "http"): "HTTP 401 Unauthorized who are you?",
		"ws://127.0.0.1:1/":                           "connection refused",
	} {
		if _, err := Run(t.Context(), small(url)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

// A server that takes some clients and refuses others.
func TestRunCountsFailures(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	n := 0
	full := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		over := n > 7
		mu.Unlock()
		if over {
			http.Error(w, "full", http.StatusServiceUnavailable)
			return
		}
		conn, err := websocket.Accept(w, r, websocket.AcceptOptions{})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.Reader(r.Context())
	}))
	defer full.Close()
	c := small("ws" + strings.TrimPrefix(full.URL, "http"))
	r := mustRun(t, c)
	if r.Clients.Connected != 7 || !slices.Equal(r.Connect.Failures, []Failure{{"HTTP 503 Service Unavailable", 13}}) {
		t.Errorf("%+v, %+v", r.Clients, r.Connect.Failures)
	}
	notes := strings.Join(r.Notes, "\n")
	for _, want := range []string{"no message arrived", "13 clients did not get a connection"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %q: %s", want, notes)
		}
	}
}

func TestRunWithoutTimes(t *testing.T) {
	t.Parallel()
	f := startForeign(t, false, feed(10*time.Millisecond, 10))
	c := small(f.url())
	c.untilSent(f, 20*20)
	c.PathTime, c.PathSeq = "data.ts", ""
	r := mustRun(t, c)
	if r.Latency != nil || r.Order != nil || !strings.Contains(strings.Join(r.Notes, "\n"), `no message has a time at "data.ts"; set -path-time`) {
		t.Errorf("%+v, %+v, %q", r.Latency, r.Order, r.Notes)
	}
}

// The end of the context ends the window; what was measured until then counts.
func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	f := startForeign(t, false, feed(10*time.Millisecond, 10))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := small(f.url())
	c.Duration = time.Hour
	var phases []string
	c.Progress = func(p Progress) {
		phases = append(phases, p.Phase)
		if p.Phase == "measuring" && p.Connected == 20 && p.Deliveries > 0 {
			cancel()
		}
	}
	r, err := Run(ctx, c)
	if err != nil || !r.Partly || r.Messages == 0 || len(phases) == 0 {
		t.Errorf("%+v, %v, %q", r, err, phases)
	}
	c.Warm, c.Duration = time.Hour, time.Second
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	c.Progress = func(p Progress) {
		if p.Phase == "warming up" {
			cancel()
		}
	}
	if _, err := Run(ctx, c); err == nil || !strings.Contains(err.Error(), "before anything was measured") {
		t.Errorf("ended while it warmed up: %v", err)
	}
}

// A window goes on until Enough returns true, up to a bound.
func TestRunUntilEnough(t *testing.T) {
	t.Parallel()
	f := startForeign(t, false, feed(10*time.Millisecond, 10))
	c := small(f.url())
	c.Duration, c.Longest = 100*time.Millisecond, 20*time.Second
	asked := 0
	c.Enough = func() bool { asked++; return asked == 3 }
	if r := mustRun(t, c); asked != 3 || r.Seconds < 0.2 || r.Seconds > 15 {
		t.Errorf("asked %d times in %v s", asked, r.Seconds)
	}
	c.Enough, c.Longest = func() bool { return false }, 400*time.Millisecond
	if r := mustRun(t, c); r.Seconds < 0.4 || r.Seconds > 30 {
		t.Errorf("%v s", r.Seconds)
	}
}

// A closed engine closes a connection that is added.
func TestEngineClosed(t *testing.T) {
	for _, e := range []engine{newEngine(), newGoroutines()} {
		e.close()
		near, far, err := loopback()
		if err != nil {
			t.Fatal(err)
		}
		if err := e.add(0, far, &probe{tally: openTally()}, nil); err == nil {
			t.Error("it was taken in")
		}
		near.SetReadDeadline(time.Now().Add(peertest.Patience))
		if _, err := near.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
			t.Errorf("%v, want the end", err)
		}
		near.Close()
	}
}

func TestProbe(t *testing.T) {
	p := &probe{tally: openTally()}
	e := newEngine()
	tallies := []*tally{p.tally}
	all, err := startProbes(e, tallies)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(peertest.Patience)
	tick := time.NewTicker(probePeriod)
	defer tick.Stop()
	for merged(tallies, lagOf).TotalCount() < 5 && time.Now().Before(deadline) {
		<-tick.C
	}
	e.close()
	all.close()
	if s := spread(merged(tallies, lagOf)); s == nil || s.Count < 5 || s.P50 > 20_000 {
		t.Errorf("%+v", s)
	}
}
