package servetest

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"fantail/hub/peertest"
)

// Relay is a relay at work, in the test's process or in its own. Only the test's
// goroutine may call its methods, except Text.
type Relay struct {
	Addr  string // host:port that clients connect to
	Admin string // host:port of the operators' listener
	Out   *Output

	t testing.TB
}

// At returns a relay that already works or is about to. It waits for the banner in the
// relay's output.
func At(t testing.TB, out *Output) *Relay {
	t.Helper()
	return &Relay{t: t, Out: out, Addr: out.Find(t, `feed +wss?://(\S+)/ws`), Admin: out.Find(t, `metrics +http://(\S+)/metrics`)}
}

// Text returns the banner and the log so far. Any goroutine may call it.
func (r *Relay) Text() string { return r.Out.Text() }

// Find waits until the output matches and returns the first group.
func (r *Relay) Find(pattern string) string {
	r.t.Helper()
	return r.Out.Find(r.t, pattern)
}

// Get returns the answer of the operators' listener to a path.
func (r *Relay) Get(path string) string {
	r.t.Helper()
	client := http.Client{Timeout: peertest.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + r.Admin + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

// Metric returns the value of a metric, given with its labels; zero if there is none.
func (r *Relay) Metric(name string) float64 {
	r.t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)`).FindStringSubmatch(r.Get("/metrics"))
	if m == nil {
		return 0
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		r.t.Error(err)
	}
	return v
}

// Reconnects returns how often connections to all sources ended for a reason.
func (r *Relay) Reconnects(reason string) (sum float64) {
	r.t.Helper()
	line := regexp.MustCompile(`(?m)^fantail_source_reconnects_total\{[^}]*reason="` + reason + `"[^}]*\} (\S+)$`)
	for _, found := range line.FindAllStringSubmatch(r.Get("/metrics"), -1) {
		n, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			r.t.Error(err)
		}
		sum += n
	}
	return sum
}
