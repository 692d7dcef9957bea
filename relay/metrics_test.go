package relay

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/peertest"
)

// TestMetricsOfSeveralSources: each source has its own figures beside the feed's,
// and a single one is called 0.
func TestMetricsOfSeveralSources(t *testing.T) {
	one := SourceStatus{SourceRedacted: "wss://a/***", Connected: true, Messages: 7, Bytes: 70, LastMessage: time.Unix(50, 0)}
	two := SourceStatus{SourceRedacted: "wss://b/x", Alarm: true, Outage: 3 * time.Second, Reconnects: map[string]uint64{"lost": 4}}
	for _, tt := range []struct {
		status SourceStatus
		want   []string
	}{
		{one, []string{`fantail_source_messages_total{index="0",source="wss://a/***"} 7`, "fantail_feed_messages_total 7"}},
		{SourceStatus{Connected: true, Messages: 6, Repeated: 1, Missed: 2, Restarts: 3, Sources: []SourceStatus{one, two}}, []string{
			"fantail_feed_messages_total 6", "fantail_feed_repeated_total 1", "fantail_feed_missed_total 2", "fantail_feed_restarts_total 3",
			`fantail_source_connected{index="0",source="wss://a/***"} 1`, `fantail_source_connected{index="1",source="wss://b/x"} 0`,
			`fantail_source_alarm{index="1",source="wss://b/x"} 1`, `fantail_source_bytes_total{index="0",source="wss://a/***"} 70`,
			`fantail_source_reconnects_total{index="1",reason="lost",source="wss://b/x"} 4`,
			`fantail_source_outage_seconds_total{index="1",source="wss://b/x"} 3`,
			`fantail_source_last_message_timestamp_seconds{index="0",source="wss://a/***"} 50`,
		}},
	} {
		r, _, _ := newTestRelay(t, hub.Config{}, Config{Source: func() SourceStatus { return tt.status }})
		reg := r.Registry()
		if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
			t.Errorf("lint: %v %v", problems, err)
		}
		_, text := get(r.Admin(reg), "/metrics")
		for _, line := range tt.want {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("/metrics lacks %q", line)
			}
		}
	}
}

// Each client counts for its transport, in every format, and no longer once it is gone.
func TestClientsByTransport(t *testing.T) {
	r, h, addr := newTestRelay(t, hub.Config{}, Config{})
	peers := []io.Closer{join(t, addr, "/ws").conn}
	peers = append(peers, dial(t, addr, "/ws", handshake+"Sec-WebSocket-Protocol: "+fantailv1.Subprotocol+"\r\n", "").conn)
	for path, versions := range map[string][]string{"/sse": {"1.0", "1.1", "1.1"}, "/stream": {"1.0", "1.1", "1.1", "1.1"}} {
		for _, version := range versions {
			c, _ := ask(t, addr, path, version, "")
			peers = append(peers, c)
		}
	}
	mustCount := func(ws, sse, stream int) {
		t.Helper()
		peertest.Eventually(t, "all have joined or left", func() bool { return h.Clients() == ws+sse+stream })
		want := fmt.Sprintf("# HELP fantail_clients Clients that are connected, by transport (ws, sse or stream).\n# TYPE fantail_clients gauge\n"+
			"fantail_clients{transport=\"sse\"} %d\nfantail_clients{transport=\"stream\"} %d\nfantail_clients{transport=\"ws\"} %d\n", sse, stream, ws)
		counted := func() error {
			return testutil.GatherAndCompare(r.Registry(), strings.NewReader(want), "fantail_clients")
		}
		if !peertest.Soon(func() bool { return counted() == nil }) {
			t.Error(counted())
		}
	}
	mustCount(2, 3, 4)
	for _, p := range peers {
		p.Close()
	}
	mustCount(0, 0, 0)
}

// A HELP text is read alone: it is a whole sentence that refers to nothing else.
func TestHelpStandsAlone(t *testing.T) {
	full := SourceStatus{LastMessage: time.Unix(1, 0), Reconnects: map[string]uint64{"lost": 1}, Dropped: map[string]uint64{"large": 1}}
	r, _, _ := newTestRelay(t, hub.Config{}, Config{Source: func() SourceStatus { return full }})
	families, err := r.Registry(NewLatency()).Gather()
	if err != nil {
		t.Fatal(err)
	}
	sentence := regexp.MustCompile(`^[A-Z1].*[^.]\.$`)
	reference := regexp.MustCompile(`(?i)\b(those|these|this|so too)\b`)
	seen := 0
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "fantail_") {
			continue
		}
		seen++
		if help := f.GetHelp(); !sentence.MatchString(help) || reference.MatchString(help) {
			t.Errorf("%s: %q", f.GetName(), help)
		}
	}
	if seen < 30 {
		t.Errorf("only %d metrics", seen)
	}
}
