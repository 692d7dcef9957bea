package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	// tick is the time between two calls of Config.Progress and of Config.Enough.
	tick = 200 * time.Millisecond

	// spareFiles is the number of files that the process has open besides its clients.
	spareFiles = 128
)

// Run connects the clients, measures, and closes the connections. If ctx ends during
// the measuring, the result covers the time until then. With an error there is no
// result; the error says what to change.
func Run(ctx context.Context, c Config) (Result, error) {
	if err := c.Check(); err != nil {
		return Result{}, err
	}
	if err := allowFiles(c.Clients + maxDialing + spareFiles); err != nil {
		return Result{}, err
	}
	r, err := newRun(c)
	if err != nil {
		return Result{}, err
	}
	defer r.close()
	if err := r.connect(ctx); err != nil {
		return Result{}, err
	}
	if r.wait(ctx, "warming up", c.Warm, 0); ctx.Err() != nil {
		return Result{}, errors.New("load: interrupted before anything was measured")
	}
	r.measure(ctx)
	r.drainStalled()
	var s *Storm
	if c.Storm && ctx.Err() == nil {
		s = r.storm(ctx)
	}
	out := r.result()
	out.Storm = s
	return out, nil
}

// run is one Run at work.
type run struct {
	config    Config
	dialer    *dialer
	engine    engine
	tallies   []*tally // one for each shard
	probes    *probes
	measuring atomic.Bool
	ends      *endings
	connector *connector

	window measured

	told     time.Time // of the last Progress
	toldSums totals
}

// measured describes the measuring window.
type measured struct {
	took  time.Duration
	sums  totals        // within it
	cpu   time.Duration // of this process, within it
	known bool          // cpu is known
	early bool          // it was cut short
}

func newRun(c Config) (*run, error) {
	d, err := newDialer(c)
	if err != nil {
		return nil, err
	}
	r := &run{config: c, dialer: d, ends: newEndings()}
	for range shards() {
		r.tallies = append(r.tallies, newTally(&r.measuring, r.ends))
	}
	r.renew()
	if r.probes, err = startProbes(r.engine, r.tallies); err != nil {
		r.engine.close()
		return nil, err
	}
	r.connector = newConnector(r)
	return r, nil
}

// renew gives the run an engine.
func (r *run) renew() {
	if r.config.portable || r.dialer.tls != nil {
		r.engine = newGoroutines()
	} else {
		r.engine = newEngine()
	}
}

// close ends all that the run has started.
func (r *run) close() {
	r.connector.close()
	r.engine.close()
	r.probes.close()
}

// connect opens the first connection, and then the others at their rate. It fails if
// the first connection fails.
func (r *run) connect(ctx context.Context) error {
	if err := r.connector.one(ctx, 0); err != nil {
		return fmt.Errorf("load: %s: %w; nothing was measured", publicURL(r.config.URL), err)
	}
	done := make(chan struct{})
	go func() { // ended by ctx, or by its work's end
		defer close(done)
		r.connector.rest(ctx)
	}()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-ticker.C:
			r.tell("connecting", 0)
		}
	}
}

// wait waits for d, and then until enough returns true or longest is over.
func (r *run) wait(ctx context.Context, phase string, d, longest time.Duration) {
	began := time.Now()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	end := time.After(d)
	for over := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-end:
			over = true
		case <-ticker.C:
			r.tell(phase, d-time.Since(began))
		}
		if over && (time.Since(began) >= longest || r.config.Enough == nil || r.config.Enough()) {
			return
		}
	}
}

// measure opens the window and closes it.
func (r *run) measure(ctx context.Context) {
	before, cpu, began := sum(r.tallies), time.Duration(0), time.Now()
	cpu, r.window.known = CPU()
	r.measuring.Store(true)
	if r.config.Window != nil {
		r.config.Window(true)
	}
	r.wait(ctx, "measuring", r.config.Duration, r.config.Longest)
	if r.config.Window != nil {
		r.config.Window(false)
	}
	r.measuring.Store(false)
	now, _ := CPU()
	r.window.took, r.window.sums, r.window.cpu = time.Since(began), sum(r.tallies).minus(before), now-cpu
	r.window.early = ctx.Err() != nil
}

// tell calls Config.Progress.
func (r *run) tell(phase string, left time.Duration) {
	if r.config.Progress == nil {
		return
	}
	now, sums := time.Now(), sum(r.tallies)
	p := Progress{Phase: phase, Left: max(left, 0), Connected: int(r.connector.connected.Load()), Failed: r.connector.failed(), Ended: r.ends.count()}
	if !r.told.IsZero() {
		s, since := now.Sub(r.told).Seconds(), sums.minus(r.toldSums)
		p.Deliveries, p.Bytes = float64(since.messages)/s, float64(since.bytes)/s
	}
	r.told, r.toldSums = now, sums
	r.config.Progress(p)
}

// result puts the result together.
func (r *run) result() Result {
	w, latencies, lags := r.window, merged(r.tallies, latencyOf), merged(r.tallies, lagOf)
	s := w.took.Seconds()
	out := Result{
		URL: publicURL(r.config.URL), Seconds: s, Partly: w.early,
		Clients:     r.connector.clients(),
		Connect:     r.connector.result(),
		Messages:    w.sums.messages,
		PerS:        Rates{Deliveries: float64(w.sums.messages) / s, Bytes: float64(w.sums.bytes) / s},
		Latency:     spread(latencies),
		Compression: compression(r.config.Compress, w.sums),
		Order:       order(sum(r.tallies)),
		Closes:      r.ends.list(),
		Load:        ownLoad(w, lags),
	}
	out.Notes = r.notes(out)
	return out
}

// notes returns sentences about facts that the figures do not show.
func (r *run) notes(out Result) []string {
	notes, w := []string{}, r.window.sums
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if out.Load.Bottleneck != "" {
		note("%s", out.Load.Bottleneck)
	}
	if out.Messages == 0 {
		note("no message arrived in the window: is the source quiet, or does the server wait for a subscription (-send)?")
	}
	switch {
	case r.config.PathTime == "" || out.Clients.Sampled == 0 || out.Messages == 0:
	case out.Latency == nil:
		note("no latency was measured, because no message has a time at %q; set -path-time to its place", r.config.PathTime)
	case w.untimed > 0:
		note("%d messages of the sample had no time at %q", w.untimed, r.config.PathTime)
	}
	if w.skewed > 0 {
		note("%d messages came from the future and do not count for the latency: the clocks are not in step", w.skewed)
	}
	if n := out.Clients.Wanted - out.Clients.Connected; n > 0 {
		note("%d clients did not get a connection", n)
	}
	return notes
}
