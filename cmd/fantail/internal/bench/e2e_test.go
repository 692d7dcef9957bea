//go:build unix

package bench

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/peertest"
)

// bench runs fantail bench as a process and returns its output.
func bench(t *testing.T, args ...string) []byte {
	t.Helper()
	p := exec.CommandContext(t.Context(), os.Args[0], append([]string{"bench"}, args...)...)
	out, err := p.Output()
	if err != nil {
		e, _ := err.(*exec.ExitError)
		t.Fatalf("fantail bench %s: %v\n%s", strings.Join(args, " "), err, e.Stderr)
	}
	return out
}

// jsonFields returns the names of a JSON document's fields, each with its path; the
// first element stands for a whole array.
func jsonFields(t *testing.T, document []byte) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal(document, &v); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	found := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				walk(strings.TrimPrefix(path+"/"+name, "/"), inner)
			}
		case []any:
			found[path+"[]"] = true
			if len(v) > 0 {
				walk(path+"[]", v[0])
			}
		default:
			found[path] = true
		}
	}
	walk("", v)
	return slices.Sorted(maps.Keys(found))
}

// Other programs build on the fields of -json.
func TestBenchOfARelay(t *testing.T) {
	t.Parallel()
	r := servetest.Start(t)
	out := bench(t, "-json", "-clients", "50", "-warm", "0s", "-duration", "3s", "-path-seq", "seq", "ws://"+r.Addr+"/ws")
	var got load.Result
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Clients.Connected != 50 || got.Messages == 0 || got.Latency == nil || got.Order == nil || *got.Order != (load.Order{}) || len(got.Closes) > 0 {
		t.Errorf("%s", out)
	}
	want := strings.Fields(`clients/connected clients/sampled clients/stalled clients/stalled_evicted clients/wanted
		closes[] compression connect/failures[] connect/handshake_ms/count connect/handshake_ms/max connect/handshake_ms/p50
		connect/handshake_ms/p90 connect/handshake_ms/p99 connect/handshake_ms/p99.9 connect/per_s
		latency_ms/count latency_ms/max latency_ms/p50 latency_ms/p90 latency_ms/p99 latency_ms/p99.9
		load/bottleneck load/cores load/cpu_share load/read_lag_p99_ms messages notes[]
		order/gaps order/missed order/repeats partly per_s/bytes per_s/deliveries seconds storm url`)
	found := jsonFields(t, out)
	if !slices.Equal(found, want) {
		t.Errorf("fields %q\nwant   %q", found, want)
	}
}

// With -compress every client of the sample inflates its messages, and the figures are
// those of the wire.
func TestBenchCompresses(t *testing.T) {
	t.Parallel()
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=demo:?rate=100") // what the race detector inflates in time
	for _, form := range [][]string{{"-path-seq", "seq"}, {"-envelope", "-storm"}} {
		args := append([]string{"-json", "-compress", "-clients", "20", "-warm", "2s", "-duration", "2s"}, form...)
		var got load.Result
		out := bench(t, append(args, "ws://"+r.Addr+"/ws")...)
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		c := got.Compression
		// A client that lacks the processor for a while gets some plain, to catch up.
		if c == nil || c.Compressed < c.Messages/2 || c.Ratio < 1.3 || got.Order == nil || *got.Order != (load.Order{}) || len(got.Closes) > 0 {
			t.Errorf("%q: %s", form, out)
		}
	}
	if out := string(bench(t, "-compress", "-clients", "5", "-warm", "0s", "-duration", "1s", "ws://"+r.Addr+"/ws")); !strings.Contains(out, "compression") {
		t.Errorf("the table says nothing of compression: %s", out)
	}
	if ratio := r.Metric(`fantail_compression_ratio{context="shared"}`); ratio < 2 {
		t.Errorf("the relay tells of a ratio of %v", ratio)
	}
}

// Clients that never read are evicted by the relay, and bench sees it.
func TestBenchSeesEvictions(t *testing.T) {
	t.Parallel()
	source := startPartForTest(t, "source", "-rate", "100", "-size", "20000")
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=ws://"+source.addr+"/", "FANTAIL_STALL_TIMEOUT=4s") // others may lack the processor for a while
	out := bench(t, "-json", "-clients", "20", "-stalled", "50", "-warm", "0s", "-duration", "10s", "ws://"+r.Addr+"/ws")
	var got load.Result
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Clients.Stalled != 10 || got.Clients.Evicted != 10 || got.Order == nil || got.Order.Missed != 0 {
		t.Errorf("%s", out)
	}
	peertest.Eventually(t, "the relay counts them", func() bool { return r.Metric(`fantail_client_leaves_total{reason="slow"}`) == 10 })
}

// startPartForTest starts a part of a self-test, ended with the test.
func startPartForTest(t *testing.T, name string, args ...string) *part {
	t.Helper()
	p, err := startPart(name, args, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestPartTellsItsCPU(t *testing.T) {
	t.Parallel()
	p := startPartForTest(t, "source")
	first, err := p.cpu()
	if err != nil || first <= 0 || first > time.Minute {
		t.Fatalf("%v, %v", first, err)
	}
	if second, err := p.cpu(); err != nil || second < first {
		t.Errorf("%v, then %v, %v", first, second, err)
	}
}

func TestBenchSelftest(t *testing.T) {
	t.Parallel()
	out := bench(t, "-selftest", "-json", "-clients", "20", "-rounds", "1", "-rate", "100", "-warm", "100ms", "-duration", "1s")
	var got selftestResult
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]measured{"floor": got.Base, "relay": got.Relay} {
		// 2,000, but for a process that did not run for part of the window.
		if m.Deliveries < 500 || m.Deliveries > 8000 || m.CPU <= 0 || m.P50 <= 0 || m.Missed != 0 || m.Closed != 0 {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if got.Ratio.CPU <= 0 || got.Ratio.P99 <= 0 {
		t.Errorf("%+v", got.Ratio)
	}
	figures := strings.Fields(`closed cpu_us_per_delivery deliveries_per_s load_cpu_share load_read_lag_p99_ms missed p50_ms p99.9_ms p99_ms server_cores`)
	want := strings.Fields(`base_is clients cpu_range[] machine/arch machine/cores machine/go machine/os notes[] rate ratio/cpu_per_delivery ratio/p50 ratio/p99 relay_is rounds[] size`)
	for _, f := range figures {
		want = append(want, "base/"+f, "relay/"+f, "rounds[]/base/"+f, "rounds[]/relay/"+f)
	}
	slices.Sort(want)
	found := jsonFields(t, out)
	if !slices.Equal(found, want) {
		t.Errorf("fields %q\nwant   %q", found, want)
	}
	if table := bench(t, "-selftest", "-clients", "5", "-rounds", "1", "-warm", "0s", "-duration", "1s"); !strings.Contains(string(table), "server CPU per delivery, µs") {
		t.Errorf("%s", table)
	}
}

// Formats and filters are compared with the relay's raw messages: both sides get the same
// rate, all messages, and in order.
func TestBenchSelftestOfFormatsAndFilters(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-sse"}, {"-envelope"}, {"-filters", "5"}, {"-filters", "5", "-envelope"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			checkSelftest(t, args)
		})
	}
}

// checkSelftest runs one self-test.
func checkSelftest(t *testing.T, args []string) {
	out := bench(t, append([]string{"-selftest", "-json", "-clients", "20", "-rounds", "1", "-rate", "50", "-warm", "200ms", "-duration", "1s"}, args...)...)
	var got selftestResult
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for _, m := range []measured{got.Base, got.Relay} {
		// 1,000, or not five times as many or few as a key too much or too little would make.
		if m.Deliveries < 250 || m.Deliveries > 4000 || m.CPU <= 0 || m.P50 <= 0 || m.Missed != 0 || m.Closed != 0 {
			t.Errorf("%v: %+v", args, m)
		}
	}
	if got.Ratio.CPU <= 0 || got.CPURange[0] != got.CPURange[1] || len(got.Notes) > 2 {
		t.Errorf("%v: %s", args, out)
	}
}

// A sweep of two small points, from the processes to the picture.
func TestBenchSweep(t *testing.T) {
	t.Parallel()
	b := benchFlags{source: benchSource{rate: 1, size: 100}, svg: filepath.Join(t.TempDir(), "a.svg"), json: true}
	b.load = load.Config{ConnectRate: 1000, Duration: 2 * time.Second, Sample: 5}
	a := sweepAxis("clients")
	a.values = []float64{2, 5}
	var out strings.Builder
	if err := b.runSweep(t.Context(), a, &out); err != nil {
		t.Fatal(err)
	}
	var got sweepResult
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Points) != 2 || got.Points[1].Value != 5 || got.Points[1].Relay.CPU <= 0 || got.Points[1].Base.CPU <= 0 {
		t.Errorf("%s", out.String())
	}
}
