package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"fantail/cmd/fantail/internal/bench/plot"
	"fantail/cmd/fantail/internal/text"
)

// axis says what changes from point to point of a sweep.
type axis struct {
	name   string
	label  string
	about  string // what stays the same; a format for the size of a message
	values []float64
	at     func(value float64, size int) (clients int, source benchSource)
}

// sweepAxis returns the axis of a name. It has no values if there is no such axis.
func sweepAxis(name string) axis {
	switch name {
	case "clients":
		return axis{
			name: name, label: "clients", about: "10 messages/s of %d bytes",
			values: []float64{100, 250, 500, 1000, 2000, 4000, 8000, 15000},
			at:     func(v float64, size int) (int, benchSource) { return int(v), benchSource{rate: 10, size: size} },
		}
	case "rate":
		return axis{
			name: name, label: "messages/s", about: "500 clients, messages of %d bytes",
			values: []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000},
			at:     func(v float64, size int) (int, benchSource) { return 500, benchSource{rate: v, size: size} },
		}
	}
	return axis{}
}

const (
	// sweepCPU is the processor time of a server that makes a point's figure
	// trustworthy. A window ends with it, between sweepShortest and -duration.
	sweepCPU      = 2 * time.Second
	sweepShortest = 2 * time.Second
)

// sweepPoint is one point of a sweep.
type sweepPoint struct {
	Value float64 `json:"value"` // on the axis
	round
	Ratio ratios `json:"ratio"`
}

// sweepResult is the JSON of fantail bench -selftest -sweep.
type sweepResult struct {
	Machine machine      `json:"machine"`
	Axis    string       `json:"axis"`
	Size    int          `json:"size"` // bytes a message
	Points  []sweepPoint `json:"points"`
	Notes   []string     `json:"notes"`
}

// runSweep measures floor and relay at each point of an axis, prints the figures
// and draws them.
func (b *benchFlags) runSweep(ctx context.Context, a axis, out io.Writer) error {
	r := sweepResult{Machine: thisMachine(), Axis: a.name, Size: b.source.size, Notes: []string{}}
	var crowded []string
	for _, v := range a.values {
		clients, source := a.at(v, b.source.size)
		s := b.selftestOf(clients, source)
		s.enough, s.load.Duration, s.load.Longest = sweepCPU, min(sweepShortest, b.load.Duration), b.load.Duration
		m, notes, err := s.round(ctx)
		if err != nil {
			return fmt.Errorf("at %g %s: %w", v, a.label, err)
		}
		for _, n := range notes {
			r.Notes = append(r.Notes, fmt.Sprintf("at %g %s, %s", v, a.label, n))
		}
		point := summaryOf(s.base.name, s.relay.name, []round{m}, nil)
		if len(point.Notes) > 0 {
			crowded = append(crowded, fmt.Sprint(v))
		}
		r.Points = append(r.Points, sweepPoint{v, m, point.Ratio})
	}
	if len(crowded) > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("the load was short of cores at %s %s: latencies there are partly its own, the server's CPU is not", strings.Join(crowded, ", "), a.label))
	}
	if b.svg != "" {
		if err := r.draw(b.svg, a); err != nil {
			return err
		}
	}
	return b.print(out, r, func(w io.Writer) error { return printSweep(w, r, a) })
}

// draw writes the cost of a delivery as two curves into an SVG file.
func (r sweepResult) draw(file string, a axis) error {
	floor, relay := plot.Series{Name: "floor: bare send"}, plot.Series{Name: "relay"}
	for _, p := range r.Points {
		floor.Points = append(floor.Points, plot.Point{X: p.Value, Y: p.Base.CPU})
		relay.Points = append(relay.Points, plot.Point{X: p.Value, Y: p.Relay.CPU})
	}
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("%w; choose another file with -svg", err)
	}
	c := plot.Chart{
		Title: "Server CPU per delivery, µs: " + fmt.Sprintf(a.about, r.Size), XLabel: a.label, YLabel: "µs per delivery",
		Series: []plot.Series{relay, floor},
	}
	return errors.Join(c.WriteSVG(f), f.Close())
}

// printSweep prints a sweep for people.
func printSweep(w io.Writer, r sweepResult, a axis) error {
	p := text.NewPage(w)
	p.Printf("Server CPU per delivery, "+a.about+"\n%s/%s, %d cores, %s\n\n", r.Size, r.Machine.OS, r.Machine.Arch, r.Machine.Cores, r.Machine.Go)
	p.Row(a.label, "floor, µs", "relay, µs", "ratio", "floor p99, ms", "relay p99, ms", "deliveries/s", "missed", "closed")
	for _, q := range r.Points {
		p.Row(fmt.Sprint(q.Value), ms(q.Base.CPU), ms(q.Relay.CPU), fmt.Sprintf("%.2f", q.Ratio.CPU), ms(q.Base.P99), ms(q.Relay.P99),
			thousands(q.Relay.Deliveries), thousands(q.Relay.Missed), thousands(q.Relay.Closed))
	}
	p.Notes(r.Notes)
	return p.Flush()
}
