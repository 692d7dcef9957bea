package bench

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/text"
)

// printBench prints the result of a benchmark for people.
func printBench(w io.Writer, r load.Result) error {
	p := text.NewPage(w)
	p.Printf("%s, measured for %.1f s%s\n\n", r.URL, r.Seconds, map[bool]string{true: " (interrupted)"}[r.Partly])
	p.Row("clients", clientsLine(r.Clients))
	p.Row("connects", connectsLine(r.Connect))
	for _, f := range r.Connect.Failures {
		p.Row("", fmt.Sprintf("%s failed: %s", thousands(f.Count), text.Shorten(f.Why)))
	}
	p.Row("deliveries", fmt.Sprintf("%s/s, %s in all", thousands(r.PerS.Deliveries), thousands(r.Messages)))
	p.Row("bytes", humanize.Bytes(uint64(r.PerS.Bytes))+"/s")
	if r.Compression != nil {
		p.Row("compression", compressionLine(*r.Compression))
	}
	p.Row("latency", spreadLine(r.Latency))
	p.Row("sequence", orderLine(r.Order))
	if r.Storm != nil {
		p.Row("storm", stormLine(*r.Storm))
	}
	p.Row("closes", closesLine(r.Closes))
	p.Row("load", loadLine(r.Load))
	p.Notes(r.Notes)
	return p.Flush()
}

// thousands writes a whole number in groups of three digits.
func thousands[T int | int64 | float64](n T) string { return humanize.Comma(int64(n)) }

func clientsLine(c load.Clients) string {
	line := fmt.Sprintf("%s connected of %s", thousands(c.Connected), thousands(c.Wanted))
	if c.Stalled > 0 {
		line += fmt.Sprintf("; %s of them never read, of which the server evicted %s", thousands(c.Stalled), thousands(c.Evicted))
	}
	return line
}

func connectsLine(c load.Connect) string {
	return fmt.Sprintf("%s/s, handshake %s", thousands(c.PerS), spreadLine(c.Handshake))
}

func compressionLine(c load.Compression) string {
	return fmt.Sprintf("%.2f: %s of messages came as %s; %s of %s were compressed",
		c.Ratio, humanize.Bytes(uint64(c.Bytes)), humanize.Bytes(uint64(c.Wire)), thousands(c.Compressed), thousands(c.Messages))
}

// spreadLine writes a distribution; nil was not measured.
func spreadLine(s *load.Spread) string {
	if s == nil {
		return "not measured"
	}
	return fmt.Sprintf("p50 %s  p90 %s  p99 %s  p99.9 %s  max %s ms", ms(s.P50), ms(s.P90), ms(s.P99), ms(s.P999), ms(s.Max))
}

// ms writes milliseconds with about three significant digits.
func ms(v float64) string {
	switch {
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

func orderLine(o *load.Order) string {
	if o == nil {
		return "not checked"
	}
	return fmt.Sprintf("%s gaps, %s missed, %s repeats", thousands(o.Gaps), thousands(o.Missed), thousands(o.Repeats))
}

func stormLine(s load.Storm) string {
	return fmt.Sprintf("%s cut at once, %s back, %s live after %.1f s, %s missed, %s repeats",
		thousands(s.Clients), thousands(s.Back), thousands(s.Live), s.Seconds, thousands(s.Missed), thousands(s.Repeats))
}

func closesLine(closes []load.Close) string {
	if len(closes) == 0 {
		return "none"
	}
	var parts []string
	for _, c := range closes {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s x %d %s", thousands(c.Count), c.Code, c.Word)))
	}
	return strings.Join(parts, ", ")
}

func loadLine(l load.Load) string {
	cpu := "an unknown share"
	if l.CPU >= 0 {
		cpu = fmt.Sprintf("%.0f %%", 100*l.CPU)
	}
	return fmt.Sprintf("%s of %d cores, read %s ms late (p99)", cpu, l.Cores, ms(l.Lag))
}
