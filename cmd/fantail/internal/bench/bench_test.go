package bench

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/cmdtest"
)

func TestWrongBenchLines(t *testing.T) {
	tests := []struct{ args, want string }{
		{"", "write fantail bench URL or fantail bench -selftest"},
		{"http://x/", "ws:// or wss://"},
		{"ws://x/ -clients 0", "0 clients are out of bounds; choose 1 to"},
		{"ws://x/ -clients 0 -stalled 101", "101 percent stalled"},
		{"ws://x/ -header nothing", "write it as 'Name: value'"},
		{"ws://x/ -selftest", "leave out the URL"},
		{"ws://x/ -sweep rate", "add that"},
		{"-selftest -sweep size", `no axis "size"; choose clients or rate`},
		{"-selftest -svg x", "add -sweep"},
		{"-selftest -rounds 0", "choose 1 to 100"},
		{"-selftest -rate 0", "choose more than 0"},
		{"-selftest -size 1", "choose 80 to"},
		{"-selftest -stalled 1", "-stalled needs a URL"},
		{"-filters 3 ws://x/", "add ?key="},
		{"-selftest -storm -sse", "-storm needs a URL"},
		{"-selftest -sweep rate -sse", "leave -filters, -sse and -envelope away"},
		{"-selftest -filters 11 -clients 10", "choose 1 to the number of clients, 10"},
		{"-selftest -filters 1000 -rate 1000", "at most 100000"},
	}
	for _, tt := range tests {
		code, out, errs := cmdtest.Run(t, Command(), strings.Fields(tt.args)...)
		if code != 2 || out != "" || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: exit code %d, %q, %q; want %s", tt.args, code, out, errs, tt.want)
		}
	}
}

func TestPrintBench(t *testing.T) {
	r := load.Result{
		URL: "ws://h/ws", Seconds: 10, Partly: true, Messages: 123456,
		Clients: load.Clients{Wanted: 1000, Connected: 999, Stalled: 500, Evicted: 499},
		Connect: load.Connect{PerS: 480, Failures: []load.Failure{{Why: "HTTP 503", Count: 1}}},
		PerS:    load.Rates{Deliveries: 12345.6, Bytes: 2.5e6},
		Latency: &load.Spread{P50: 1.234, P90: 12.34, P99: 123.4, P999: 1234, Max: 2000},
		Order:   &load.Order{Gaps: 1, Missed: 2, Repeats: 3},
		Closes:  []load.Close{{Code: 4408, Word: "slow", Count: 499}, {Code: 1005, Count: 1}},
		Load:    load.Load{Cores: 2, CPU: 0.5, Lag: 0.25},
		Notes:   []string{"one", "two"},
	}
	var b strings.Builder
	if err := printBench(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"ws://h/ws, measured for 10.0 s (interrupted)", "999 connected of 1,000; 500 of them never read, of which the server evicted 499",
		"480/s, handshake not measured", "1 failed: HTTP 503", "12,345/s, 123,456 in all", "2.5 MB/s",
		"p50 1.23  p90 12.3  p99 123  p99.9 1234  max 2000 ms", "1 gaps, 2 missed, 3 repeats", "499 x 4408 slow, 1 x 1005\n",
		"50 % of 2 cores, read 0.25 ms late (p99)", "Note: one.\nNote: two.\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, b.String())
		}
	}
	b.Reset()
	printBench(&b, load.Result{Load: load.Load{CPU: -1}})
	for _, want := range []string{"latency     not measured", "sequence    not checked", "closes      none", "an unknown share"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, b.String())
		}
	}
}

func TestProgressLine(t *testing.T) {
	p := load.Progress{Phase: "measuring", Left: 7400 * time.Millisecond, Connected: 1234, Failed: 2, Ended: 3, Deliveries: 45678.9, Bytes: 1e6}
	if got, want := progressLine(p), "measuring, 1,234 clients, 2 failed, 3 closed, 45,678 deliveries/s, 1.0 MB/s, 7s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := progressLine(load.Progress{Phase: "connecting"}), "connecting, 0 clients, 0 deliveries/s, 0 B/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if showProgress(io.Discard) != nil {
		t.Error("a living line on what is no terminal")
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 100}, 3}} {
		if got := median(tt.values); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.values, got, tt.want)
		}
	}
}

func TestSummaryOfRounds(t *testing.T) {
	of := func(floorCPU, relayCPU float64) round {
		return round{Base: measured{CPU: floorCPU, P99: 10, Deliveries: 7}, Relay: measured{CPU: relayCPU, P99: 12, Missed: relayCPU}}
	}
	r := summaryOf("floor", "relay", []round{of(5, 10), of(5, 6), of(4, 6), of(0, 1)}, []string{"b", "a", "b"})
	if r.Base.CPU != 4.5 || r.Relay.CPU != 6 || r.Relay.Missed != 6 || r.Base.Deliveries != 7 {
		t.Errorf("medians %+v, %+v", r.Base, r.Relay)
	}
	// The median of the rounds' ratios 2, 1.2 and 1.5, and none of the round
	// without a base.
	if r.Ratio != (ratios{CPU: 1.5, P99: 1.2}) || !slices.Equal(r.Notes, []string{"a", "b"}) {
		t.Errorf("%+v, %q", r.Ratio, r.Notes)
	}
	late := round{Base: measured{Lag: 1}, Relay: measured{Lag: 100}}
	if r := summaryOf("floor", "relay", []round{late}, nil); len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "beside relay: the load read up to 100 ms late") {
		t.Errorf("%q", r.Notes)
	}
	if r := summaryOf("floor", "relay", []round{late, {}, {}}, nil); r.Notes == nil || len(r.Notes) != 0 {
		t.Errorf("one late round of three: %#v", r.Notes)
	}
}

func TestRatioText(t *testing.T) {
	for _, tt := range []struct {
		ratios []float64
		want   string
	}{{nil, ""}, {[]float64{1.234}, "1.23"}, {[]float64{1.5, 0.9, 1.1}, "1.10 (0.90 to 1.50)"}} {
		if got := ratioText(tt.ratios); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.ratios, got, tt.want)
		}
	}
}

func TestBenchSourceMessage(t *testing.T) {
	now := time.Now()
	for _, size := range []int{minBenchSize, 200, 2000} {
		m := benchSource{size: size}.appendMessage(nil, now, 1<<30)
		if len(m) != size || !gjson.ValidBytes(m) || gjson.GetBytes(m, "t").Int() != now.UnixNano() || gjson.GetBytes(m, "q").Int() != 1<<30 {
			t.Errorf("%d bytes: %s", len(m), m)
		}
	}
}

// A source with keys sends them in turn, each with a sequence of its own.
func TestBenchSourceKeys(t *testing.T) {
	s, got := benchSource{size: minBenchSize, keys: 3}, ""
	for q := 1; q <= 5; q++ {
		m := s.appendMessage(nil, time.Now(), q)
		if len(m) != s.size || !gjson.ValidBytes(m) {
			t.Errorf("%d bytes: %s", len(m), m)
		}
		got += gjson.GetBytes(m, "k").Str + gjson.GetBytes(m, "q").Raw + " "
	}
	if got != "k01 k11 k21 k02 k12 " {
		t.Error(got)
	}
	if m := (benchSource{size: minBenchSize, keys: 1e5}).appendMessage(nil, time.Now(), 1e11-1); len(m) != minBenchSize {
		t.Errorf("%d bytes: %s", len(m), m)
	}
}

// What a self-test compares with what, and that both get the same.
func TestSubjects(t *testing.T) {
	for name, tt := range map[string]struct {
		flags       benchFlags
		base, relay string
		factor      float64 // of the source's rate
		url, query  string  // of the relay's 13th client
	}{
		"nothing":           {benchFlags{}, "floor", "relay", 1, "ws://h/ws", ""},
		"events":            {benchFlags{sse: true}, "raw", "sse", 1, "http://h/sse", ""},
		"envelopes":         {benchFlags{envelope: true}, "raw", "envelope", 1, "ws://h/ws", ""},
		"filters":           {benchFlags{filters: 10}, "raw", "raw, 10 filters", 10, "ws://h/ws", "key=k2"},
		"filters of events": {benchFlags{filters: 10, sse: true}, "sse", "sse, 10 filters", 10, "http://h/sse", "key=k2"},
	} {
		base, relay := tt.flags.subjects()
		if base.name != tt.base || relay.name != tt.relay || base.floor != (tt.base == "floor") {
			t.Errorf("%s: %+v and %+v", name, base, relay)
		}
		if one, other := base.source(benchSource{rate: 20}), relay.source(benchSource{rate: 20}); one.rate != 20 || other.rate != 20*tt.factor {
			t.Errorf("%s: the sources send %v and %v", name, one.rate, other.rate)
		}
		c := relay.load(load.Config{}, "h")
		query := ""
		if c.Query != nil {
			query = c.Query(12)
		}
		if c.URL != tt.url || query != tt.query || base.load(load.Config{}, "h").Query != nil {
			t.Errorf("%s: %s with %q", name, c.URL, query)
		}
	}
}

func TestSweepIsPrintedAndDrawn(t *testing.T) {
	for _, name := range []string{"clients", "rate"} {
		a := sweepAxis(name)
		r := sweepResult{Axis: name, Size: 200, Notes: []string{"at 1, busy"}}
		for i, v := range a.values {
			clients, source := a.at(v, 200)
			if clients < 1 || source.rate <= 0 || source.size != 200 || i > 0 && v <= a.values[i-1] {
				t.Errorf("%s %v: %d clients, %+v", name, v, clients, source)
			}
			m := round{Base: measured{CPU: 5}, Relay: measured{CPU: 6}}
			r.Points = append(r.Points, sweepPoint{v, m, summaryOf("floor", "relay", []round{m}, nil).Ratio})
		}
		file := filepath.Join(t.TempDir(), "a.svg")
		if err := r.draw(file, a); err != nil {
			t.Fatal(err)
		}
		svg, err := os.ReadFile(file)
		if err != nil || strings.Count(string(svg), "<circle") != 2*len(a.values) || !strings.Contains(string(svg), "floor: bare send") {
			t.Errorf("%s: %v", svg, err)
		}
		var b strings.Builder
		if err := printSweep(&b, r, a); err != nil || strings.Count(b.String(), "1.20") != len(a.values) || !strings.Contains(b.String(), "Note: at 1, busy.") {
			t.Errorf("%s, %v", b.String(), err)
		}
	}
	err := sweepResult{}.draw(filepath.Join(t.TempDir(), "no", "a.svg"), axis{})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "-svg") {
		t.Error(err)
	}
}

// A part that cannot start says what it wrote.
func TestPartThatFails(t *testing.T) {
	p, err := startPart("nothing", nil, nil)
	if err == nil {
		p.stop()
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), `there is no part "nothing"`) {
		t.Error(err)
	}
}

func TestLastBytes(t *testing.T) {
	var l lastBytes
	for range 3 {
		l.Write([]byte(strings.Repeat("a", keptBytes)))
	}
	l.Write([]byte("end"))
	if s := l.String(); len(s) != keptBytes || !strings.HasSuffix(s, "aend") {
		t.Errorf("%d bytes", len(s))
	}
}
