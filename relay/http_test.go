package relay

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/peertest"
)

func get(h http.Handler, path string) (int, string) {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
	return rec.Code, rec.Body.String()
}

// Ready means: not draining, and the source reached once or 30 s passed. Strict
// means that the source is connected now.
func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(hub.Config{})
		defer h.Close()
		var source SourceStatus
		r, err := New(Config{Hub: h, Log: zerolog.Nop(), Source: func() SourceStatus { return source }})
		if err != nil {
			t.Fatal(err)
		}
		check := func(when, path string, want int) {
			t.Helper()
			if got, body := get(r.Handler(), path); got != want {
				t.Errorf("%s: %s is %d %q, want %d", when, path, got, body, want)
			}
		}
		check("at start", "/healthz", 200)
		check("at start", "/readyz", 503)
		time.Sleep(sourceGrace)
		check("after the grace", "/readyz", 200)
		check("after the grace", "/readyz?source", 503)
		source = SourceStatus{Connected: true, EverConnected: true}
		check("connected", "/readyz?source", 200)
		source.Connected = false
		check("lost", "/readyz", 200)
		check("lost", "/readyz?source", 503)
		r.NotReady()
		check("draining", "/readyz", 503)
		check("draining", "/healthz", 200)
	})
}

func TestRootSpeaksToPeople(t *testing.T) {
	h := NewHub(hub.Config{})
	defer h.Close()
	r, _ := New(Config{Hub: h, Log: zerolog.Nop()})
	if code, body := get(r.Handler(), "/"); code != 200 || !strings.Contains(body, "/ws") {
		t.Errorf("/: %d %q", code, body)
	}
	if code, _ := get(r.Handler(), "/nothing"); code != 404 {
		t.Errorf("/nothing: %d", code)
	}
}

func TestMetricsAndClients(t *testing.T) {
	r, h, addr := newTestRelay(t, hub.Config{}, Config{Source: func() SourceStatus {
		return SourceStatus{Connected: true, EverConnected: true, Outage: 5 * time.Second, LastMessage: time.Unix(100, 0),
			Reconnects: map[string]uint64{"lost": 2}, Dropped: map[string]uint64{"not-utf8": 1}}
	}})
	latency := NewLatency()
	reg := r.Registry(latency)
	p := join(t, addr, "/ws")
	peertest.Eventually(t, "joined", func() bool { return h.Clients() == 1 })
	publish(h, 0, 3, 100)
	for i := range 3 {
		p.want(1, numbered(i, 100))
	}
	peertest.Eventually(t, "counted", func() bool { return h.Stats().Deliveries == 3 })
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
	var text string
	peertest.Eventually(t, "seen by a sweep", func() bool {
		_, text = get(r.Admin(reg), "/metrics")
		return strings.Contains(text, "fantail_queue_depth_max 0")
	})
	for _, line := range []string{
		"fantail_clients{transport=\"ws\"} 1", "fantail_client_joins_total 1", `fantail_client_leaves_total{reason="slow"} 0`,
		"fantail_deliveries_total 3", "fantail_delivered_bytes_total 306", "fantail_ring_messages 3",
		`fantail_handshakes_refused_total{reason="origin"} 0`, "fantail_feed_connected 1", "fantail_feed_outage_seconds_total 5",
		`fantail_source_reconnects_total{index="0",reason="lost",source=""} 2`, `fantail_source_dropped_total{index="0",reason="not-utf8",source=""} 1`,
		"fantail_feed_last_message_timestamp_seconds 100", "fantail_drainers 0", "fantail_queue_depth_max 0",
		"go_memstats_heap_inuse_bytes", "go_memstats_stack_inuse_bytes", "fantail_publish_to_write_seconds_bucket", "process_open_fds",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("/metrics lacks %q", line)
		}
	}
	_, text = get(r.Admin(reg), "/clients")
	var list struct {
		Clients int
		Slowest []hub.ClientInfo
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil || list.Clients != 1 || len(list.Slowest) != 1 || list.Slowest[0].Name != p.conn.LocalAddr().String() {
		t.Errorf("/clients: %v %s", err, text)
	}
	if code, _ := get(r.Admin(reg), "/debug/pprof/heap?gc=1"); code != 200 {
		t.Errorf("/debug/pprof/heap: %d", code)
	}
	io.WriteString(io.Discard, text)
}

func TestOriginPolicy(t *testing.T) {
	p, err := newOriginPolicy([]string{"https://app.example.com", "*.wild.example", "any-scheme.example:8443", "http://[::1]:3000"})
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]bool{
		"":                                true, // no browser
		"https://relay.example":           true, // same origin
		"HTTPS://RELAY.example":           true,
		"https://app.example.com":         true,
		"http://app.example.com":          false, // another scheme
		"https://evil.example.com":        false,
		"https://app.example.com.evil":    false,
		"https://a.wild.example":          true,
		"https://wild.example":            false,
		"http://any-scheme.example:8443":  true,
		"http://any-scheme.example":       false,
		"null":                            false,
		"https://":                        false,
		"https://relay.example@evil.test": false,
		"http://[::1]:3000":               true,
		"http://[::1]:3001":               false,
		"https://evilwild.example":        false,
		"%zz":                             false,
	} {
		if got := p.allows(origin, "relay.example"); got != want {
			t.Errorf("origin %q: %v, want %v", origin, got, want)
		}
	}
	if p, _ := newOriginPolicy([]string{"*"}); !p.allows("https://evil.example", "relay.example") {
		t.Error("* does not allow every origin")
	}
	for _, bad := range []string{"", "https://", "[", "https://a/b"} {
		if _, err := newOriginPolicy([]string{bad}); err == nil {
			t.Errorf("%q is taken for an origin", bad)
		}
	}
}

// The close codes are a contract with every client there is.
func TestCloseCodes(t *testing.T) {
	want := map[hub.Reason]uint16{
		hub.Left: 1000, hub.Draining: 1001, hub.Stopped: 1001, hub.Protocol: 1002, hub.Uplink: 1008, hub.Flood: 1008, hub.TooLarge: 1009,
		hub.NotUTF8: 1007, hub.Busy: 1013,
		hub.MaxAge: 1012, hub.Token: 4401, hub.Forbidden: 4403, hub.Slow: 4408, hub.Silent: 4408, hub.Gone: 4410,
	}
	if len(want) != hub.Reasons {
		t.Errorf("%d reasons are listed of %d", len(want), hub.Reasons)
	}
	for why, code := range want {
		if got := closeCode(why); got != code {
			t.Errorf("%v closes with %d, want %d", why, got, code)
		}
	}
}
