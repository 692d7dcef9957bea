//go:build unix

package bench

import (
	"encoding/json"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
)

// benchJSON runs fantail bench -json and returns its result.
func benchJSON(t *testing.T, args ...string) (r load.Result) {
	t.Helper()
	code, out, errs := cmdtest.Run(t, Command(), append([]string{"-json", "-clients", "50", "-connect-rate", "2000", "-warm", "200ms", "-duration", "2s"}, args...)...)
	if code != 0 {
		t.Fatalf("exit code %d, %s", code, errs)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBenchFormats loads a relay by each format, and by storms.
func TestBenchFormats(t *testing.T) {
	t.Parallel()
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=demo:?rate=200")
	ws, sse := "ws://"+r.Addr+"/ws", "http://"+r.Addr+"/sse"
	for name, args := range map[string][]string{
		"envelope": {"-envelope", ws}, "sse": {"-sse", sse}, "envelope storm": {"-envelope", "-storm", ws}, "sse storm": {"-sse", "-storm", sse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := benchJSON(t, args...)
			if got.Clients.Connected != 50 || got.Messages < 50*20 || got.Latency == nil || got.Latency.P50 > 20000 || len(got.Closes) > 0 {
				t.Errorf("%+v", got)
			}
			if got.Order == nil || *got.Order != (load.Order{}) {
				t.Errorf("order %+v", got.Order)
			}
			switch s := got.Storm; {
			case len(args) == 2:
				if s != nil {
					t.Errorf("a storm of itself: %+v", s)
				}
			case s == nil || s.Clients != 50 || s.Back != 50 || s.Live != 50 || s.Missed != 0 || s.Repeats != 0 || s.Resumed == nil:
				t.Errorf("storm %+v", s)
			}
		})
	}
}

// TestBenchStormCountsWhatIsLost: a relay whose ring holds a moment only.
func TestBenchStormCountsWhatIsLost(t *testing.T) {
	t.Parallel()
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=demo:?rate=2000", "FANTAIL_RING_MESSAGES=2", "FANTAIL_QUEUE_MESSAGES=2", "FANTAIL_SLOW_POLICY=skip")
	if s := benchJSON(t, "-envelope", "-storm", "ws://"+r.Addr+"/ws").Storm; s == nil || s.Missed == 0 {
		t.Errorf("storm %+v", s)
	}
}

func TestBenchFormatFlags(t *testing.T) {
	for _, args := range [][]string{
		{"-envelope", "-sse", "ws://h/"}, {"-storm", "ws://h/"}, {"-storm", "-envelope", "-stalled", "5", "ws://h/"},
		{"-selftest", "-envelope", "-sweep", "rate"}, {"-envelope", "http://h/"}, {"-storm", "-sse", "-path-time", "", "http://h/"},
	} {
		began := time.Now()
		if code, _, errs := cmdtest.Run(t, Command(), args...); code != 2 {
			t.Errorf("%v: exit code %d, %s, after %v", args, code, errs, time.Since(began))
		}
	}
}
