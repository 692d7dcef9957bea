package load

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// tally counts for a share of the clients. Each poller has its own tally, so that no two
// processors write to the same counters.
type tally struct {
	measuring *atomic.Bool // of the run
	ends      *endings     // of the run

	messages, bytes                  atomic.Int64
	gaps, missed, repeats, sequenced atomic.Int64
	untimed, skewed                  atomic.Int64
	sampled, compressed              atomic.Int64 // messages of the sample, and how many of them came compressed
	came, inflated                   atomic.Int64 // their bytes, as they came and as they are

	mu        sync.Mutex
	latencies *hdrhistogram.Histogram // µs; guarded by mu
	lags      *hdrhistogram.Histogram // µs; guarded by mu
}

func newTally(measuring *atomic.Bool, ends *endings) *tally {
	return &tally{measuring: measuring, ends: ends, latencies: newHistogram(), lags: newHistogram()}
}

// newHistogram returns a histogram of µs up to an hour, exact to three digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, time.Hour.Microseconds(), 3)
}

// record adds ns to h. A value out of the bounds counts as the bound.
func record(h *hdrhistogram.Histogram, ns int64) {
	h.RecordValue(min(max(ns/1000, 0), h.HighestTrackableValue()))
}

// latency adds the age of a message, in ns, if the window is open.
func (t *tally) latency(ns int64) {
	if !t.measuring.Load() {
		return
	}
	if ns < 0 {
		t.skewed.Add(1)
	}
	t.mu.Lock()
	record(t.latencies, ns)
	t.mu.Unlock()
}

// lag adds how late a probe was read, in ns, if the window is open.
func (t *tally) lag(ns int64) {
	if !t.measuring.Load() {
		return
	}
	t.mu.Lock()
	record(t.lags, ns)
	t.mu.Unlock()
}

// totals are the sums of some tallies.
type totals struct {
	messages, bytes, gaps, missed, repeats, sequenced, untimed, skewed int64
	sampled, compressed, came, inflated                                int64
}

func sum(tallies []*tally) (s totals) {
	for _, t := range tallies {
		s.messages += t.messages.Load()
		s.bytes += t.bytes.Load()
		s.gaps += t.gaps.Load()
		s.missed += t.missed.Load()
		s.repeats += t.repeats.Load()
		s.sequenced += t.sequenced.Load()
		s.untimed += t.untimed.Load()
		s.skewed += t.skewed.Load()
		s.sampled += t.sampled.Load()
		s.compressed += t.compressed.Load()
		s.came += t.came.Load()
		s.inflated += t.inflated.Load()
	}
	return s
}

// minus returns the difference to before.
func (s totals) minus(before totals) totals {
	return totals{
		messages: s.messages - before.messages, bytes: s.bytes - before.bytes,
		gaps: s.gaps - before.gaps, missed: s.missed - before.missed,
		repeats: s.repeats - before.repeats, sequenced: s.sequenced - before.sequenced,
		untimed: s.untimed - before.untimed, skewed: s.skewed - before.skewed,
		sampled: s.sampled - before.sampled, compressed: s.compressed - before.compressed, came: s.came - before.came, inflated: s.inflated - before.inflated,
	}
}

// latencyOf and lagOf choose a histogram of a tally.
func latencyOf(t *tally) *hdrhistogram.Histogram { return t.latencies }
func lagOf(t *tally) *hdrhistogram.Histogram     { return t.lags }

// merged returns the sum of one histogram of all tallies.
func merged(tallies []*tally, of func(*tally) *hdrhistogram.Histogram) *hdrhistogram.Histogram {
	all := newHistogram()
	for _, t := range tallies {
		t.mu.Lock()
		all.Merge(of(t))
		t.mu.Unlock()
	}
	return all
}
