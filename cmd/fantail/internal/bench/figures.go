package bench

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/text"
)

// measured is the work of one server in one round.
type measured struct {
	Deliveries float64 `json:"deliveries_per_s"`
	CPU        float64 `json:"cpu_us_per_delivery"` // of the server's process
	Cores      float64 `json:"server_cores"`        // that it kept busy
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	P999       float64 `json:"p99.9_ms"`
	Missed     float64 `json:"missed"` // messages, of the sample
	Closed     float64 `json:"closed"` // clients
	LoadCPU    float64 `json:"load_cpu_share"`
	Lag        float64 `json:"load_read_lag_p99_ms"`
}

// round is one measurement of each side, one right after the other.
type round struct {
	Base  measured `json:"base"`
	Relay measured `json:"relay"`
}

// ratios are the relay's figures divided by the base's.
type ratios struct {
	CPU float64 `json:"cpu_per_delivery"`
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// selftestResult is the JSON of fantail bench -selftest.
type selftestResult struct {
	Machine  machine    `json:"machine"`
	BaseIs   string     `json:"base_is"`  // the floor, or the relay serving otherwise
	RelayIs  string     `json:"relay_is"` // what the relay serves here
	Clients  int        `json:"clients"`
	Rate     float64    `json:"rate"` // messages a second that a client gets
	Size     int        `json:"size"` // bytes a message
	Rounds   []round    `json:"rounds"`
	Base     measured   `json:"base"`      // median of each figure
	Relay    measured   `json:"relay"`     // median of each figure
	Ratio    ratios     `json:"ratio"`     // median of each round's ratio
	CPURange [2]float64 `json:"cpu_range"` // least and greatest ratio of CPU per delivery
	Notes    []string   `json:"notes"`
}

// machine describes where a self-test ran.
type machine struct {
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
}

func thisMachine() machine {
	return machine{runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version()}
}

// measuredOf puts the load's result and the meter together.
func measuredOf(r load.Result, m *meter) measured {
	out := measured{
		Deliveries: r.PerS.Deliveries, Cores: m.used.Seconds() / r.Seconds, LoadCPU: r.Load.CPU, Lag: r.Load.Lag,
	}
	if r.Messages > 0 {
		out.CPU = m.used.Seconds() * 1e6 / float64(r.Messages)
	}
	if r.Latency != nil {
		out.P50, out.P99, out.P999 = r.Latency.P50, r.Latency.P99, r.Latency.P999
	}
	if r.Order != nil {
		out.Missed = float64(r.Order.Missed)
	}
	for _, c := range r.Closes {
		out.Closed += float64(c.Count)
	}
	return out
}

// summaryOf takes the medians of the rounds. It adds a note if the load generator limited
// the figures itself.
func summaryOf(base, relay string, rounds []round, notes []string) selftestResult {
	r := selftestResult{
		Machine: thisMachine(), BaseIs: base, RelayIs: relay, Rounds: rounds,
		Base:  medians(rounds, func(r round) measured { return r.Base }),
		Relay: medians(rounds, func(r round) measured { return r.Relay }),
		Ratio: ratios{
			CPU: medianRatio(rounds, func(m measured) float64 { return m.CPU }),
			P50: medianRatio(rounds, func(m measured) float64 { return m.P50 }),
			P99: medianRatio(rounds, func(m measured) float64 { return m.P99 }),
		},
		Notes: append([]string{}, slices.Compact(slices.Sorted(slices.Values(notes)))...),
	}
	if all := roundRatios(rounds, func(m measured) float64 { return m.CPU }); len(all) > 0 {
		r.CPURange = [2]float64{slices.Min(all), slices.Max(all)}
	}
	for _, m := range []struct {
		name string
		measured
	}{{base, r.Base}, {relay, r.Relay}} {
		if why := (load.Load{Cores: r.Machine.Cores, CPU: m.LoadCPU, Lag: m.Lag}).Judge(); why != "" {
			r.Notes = append(r.Notes, "beside "+m.name+": "+why)
		}
	}
	return r
}

// medians returns the median of each figure of one server.
func medians(rounds []round, of func(round) measured) measured {
	at := func(figure func(measured) float64) float64 {
		var all []float64
		for _, r := range rounds {
			all = append(all, figure(of(r)))
		}
		return median(all)
	}
	return measured{
		Deliveries: at(func(m measured) float64 { return m.Deliveries }),
		CPU:        at(func(m measured) float64 { return m.CPU }),
		Cores:      at(func(m measured) float64 { return m.Cores }),
		P50:        at(func(m measured) float64 { return m.P50 }),
		P99:        at(func(m measured) float64 { return m.P99 }),
		P999:       at(func(m measured) float64 { return m.P999 }),
		Missed:     at(func(m measured) float64 { return m.Missed }),
		Closed:     at(func(m measured) float64 { return m.Closed }),
		LoadCPU:    at(func(m measured) float64 { return m.LoadCPU }),
		Lag:        at(func(m measured) float64 { return m.Lag }),
	}
}

// medianRatio returns the median of each round's ratio of relay to base; 0 if no round
// has a base.
func medianRatio(rounds []round, figure func(measured) float64) float64 {
	return median(roundRatios(rounds, figure))
}

// roundRatios returns the ratio of relay to base for each round that has a base.
func roundRatios(rounds []round, figure func(measured) float64) (all []float64) {
	for _, r := range rounds {
		if base := figure(r.Base); base > 0 {
			all = append(all, figure(r.Relay)/base)
		}
	}
	return all
}

// ratioText writes the median ratio. Of several rounds it also writes the least and the
// greatest, which show how far the median can be trusted.
func ratioText(ratios []float64) string {
	switch len(ratios) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%.2f", ratios[0])
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", median(ratios), slices.Min(ratios), slices.Max(ratios))
}

// median returns the middle of values. It is the mean of the two middle values if their
// number is even, and 0 if there are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// printSelftest prints a self-test for people.
func printSelftest(w io.Writer, r selftestResult) error {
	p := text.NewPage(w)
	p.Printf("%s clients, %g messages/s of %d bytes each, %d rounds, medians\n%s/%s, %d cores, %s\n\n",
		thousands(r.Clients), r.Rate, r.Size, len(r.Rounds), r.Machine.OS, r.Machine.Arch, r.Machine.Cores, r.Machine.Go)
	p.Row("", r.BaseIs, r.RelayIs, "ratio")
	type figure func(measured) float64
	line := func(name string, f figure, text func(float64) string, compare bool) {
		cells := []string{name, text(f(r.Base)), text(f(r.Relay))}
		if compare {
			cells = append(cells, ratioText(roundRatios(r.Rounds, f)))
		}
		p.Row(cells...)
	}
	line("deliveries/s", func(m measured) float64 { return m.Deliveries }, thousands, false)
	line("server CPU per delivery, µs", func(m measured) float64 { return m.CPU }, ms, true)
	line("server cores busy", func(m measured) float64 { return m.Cores }, ms, false)
	line("latency p50, ms", func(m measured) float64 { return m.P50 }, ms, true)
	line("latency p99, ms", func(m measured) float64 { return m.P99 }, ms, true)
	line("latency p99.9, ms", func(m measured) float64 { return m.P999 }, ms, false)
	line("messages missed", func(m measured) float64 { return m.Missed }, thousands, false)
	line("clients closed", func(m measured) float64 { return m.Closed }, thousands, false)
	line("load, share of all cores", func(m measured) float64 { return m.LoadCPU }, ms, false)
	line("load read late, p99, ms", func(m measured) float64 { return m.Lag }, ms, false)
	p.Notes(r.Notes)
	return p.Flush()
}
