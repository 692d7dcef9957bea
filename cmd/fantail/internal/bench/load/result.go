package load

import (
	"fmt"
	"net/url"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is the result of a run. Its JSON is the output of fantail bench -json.
type Result struct {
	URL         string       `json:"url"`     // without user and query
	Seconds     float64      `json:"seconds"` // the measuring window
	Partly      bool         `json:"partly"`  // the window was ended early
	Clients     Clients      `json:"clients"`
	Connect     Connect      `json:"connect"`
	PerS        Rates        `json:"per_s"`       // in the window, all clients that read
	Messages    int64        `json:"messages"`    // in the window, all clients that read
	Latency     *Spread      `json:"latency_ms"`  // in the window, of the sample; null: no message had a time
	Order       *Order       `json:"order"`       // of the sample; null: no message had a sequence
	Storm       *Storm       `json:"storm"`       // null: there was none
	Compression *Compression `json:"compression"` // in the window, of the sample; null: none was offered
	Closes      []Close      `json:"closes"`      // ended by the server, the most frequent first
	Load        Load         `json:"load"`
	Notes       []string     `json:"notes"` // what a reader of the figures has to know
}

// Compression is the effect of permessage-deflate. The sample inflated each of its
// compressed messages.
type Compression struct {
	Messages   int64   `json:"messages"`   // that came
	Compressed int64   `json:"compressed"` // of them, compressed
	Wire       int64   `json:"wire_bytes"` // as they came, without the frames' headers
	Bytes      int64   `json:"bytes"`      // as they are
	Ratio      float64 `json:"ratio"`
}

// compression returns the effect of compression; nil if it was not offered.
func compression(offered bool, t totals) *Compression {
	if !offered {
		return nil
	}
	c := &Compression{Messages: t.sampled, Compressed: t.compressed, Wire: t.came, Bytes: t.inflated}
	if t.came > 0 {
		c.Ratio = float64(t.inflated) / float64(t.came)
	}
	return c
}

// Clients counts connections.
type Clients struct {
	Wanted    int `json:"wanted"`
	Connected int `json:"connected"`
	Sampled   int `json:"sampled"`
	Stalled   int `json:"stalled"`         // connected and never read
	Evicted   int `json:"stalled_evicted"` // of them, those that the server had ended
}

// Connect is about the opening handshakes.
type Connect struct {
	PerS      float64   `json:"per_s"`
	Handshake *Spread   `json:"handshake_ms"` // TCP, TLS and HTTP together; null: none
	Failures  []Failure `json:"failures"`
}

// Failure is one reason for which clients could not connect.
type Failure struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// Rates are figures a second.
type Rates struct {
	Deliveries float64 `json:"deliveries"`
	Bytes      float64 `json:"bytes"` // of frames, headers included
}

// Order has the faults that the sequences of the messages show.
type Order struct {
	Gaps    int64 `json:"gaps"`    // places where messages were missing
	Missed  int64 `json:"missed"`  // messages missing there
	Repeats int64 `json:"repeats"` // messages with a sequence that was passed before
}

// Load is about the load generator itself.
type Load struct {
	Cores      int     `json:"cores"`
	CPU        float64 `json:"cpu_share"`       // of all cores; -1: unknown
	Lag        float64 `json:"read_lag_p99_ms"` // how late it read what had arrived
	Bottleneck string  `json:"bottleneck"`      // why the figures show the load generator; empty if they do not
}

// Spread is a distribution in ms.
type Spread struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p99.9"`
	Max   float64 `json:"max"`
}

// spread returns the figures of a histogram of µs, or nil for an empty one.
func spread(h *hdrhistogram.Histogram) *Spread {
	if h.TotalCount() == 0 {
		return nil
	}
	at := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }
	return &Spread{Count: h.TotalCount(), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: float64(h.Max()) / 1000}
}

const (
	// busyShare is the share of all cores from which a load generator waits for itself.
	busyShare = 0.85
	// lateMS is the read lag from which the figures are affected.
	lateMS = 20
)

// ownLoad returns what the load generator used of the machine in the window.
func ownLoad(w measured, lags *hdrhistogram.Histogram) Load {
	l := Load{Cores: runtime.GOMAXPROCS(0), CPU: share(w.cpu, w.took, w.known), Lag: float64(lags.ValueAtQuantile(99)) / 1000}
	l.Bottleneck = l.Judge()
	return l
}

// order returns what the sequences showed, or nil if there were none.
func order(t totals) *Order {
	if t.sequenced == 0 {
		return nil
	}
	return &Order{Gaps: t.gaps, Missed: t.missed, Repeats: t.repeats}
}

// Judge returns why the load generator limited the figures, or nothing if it did not.
func (l Load) Judge() string {
	switch {
	case l.CPU >= busyShare:
		return fmt.Sprintf("the load itself used %.0f %% of this machine's %d cores: run it on another machine, or with fewer clients", 100*l.CPU, l.Cores)
	case l.Lag >= lateMS:
		return fmt.Sprintf("the load read up to %.0f ms late (p99): the latencies are partly its own; run it on a machine with cores to spare", l.Lag)
	}
	return ""
}

// share returns the share of all cores that cpu is of a time.
func share(cpu, elapsed time.Duration, known bool) float64 {
	if !known || elapsed <= 0 {
		return -1
	}
	return cpu.Seconds() / elapsed.Seconds() / float64(runtime.GOMAXPROCS(0))
}

// publicURL returns the URL without user and query, which may hold secrets.
func publicURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
