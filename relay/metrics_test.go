package relay

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fantail/hub"
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
		{one, []string{`fantail_line_messages_total{index="0",source="wss://a/***"} 7`, "fantail_source_messages_total 7"}},
		{SourceStatus{Connected: true, Messages: 6, Repeated: 1, Missed: 2, Restarts: 3, Sources: []SourceStatus{one, two}}, []string{
			"fantail_source_messages_total 6", "fantail_source_repeated_total 1", "fantail_source_missed_total 2", "fantail_source_restarts_total 3",
			`fantail_line_connected{index="0",source="wss://a/***"} 1`, `fantail_line_connected{index="1",source="wss://b/x"} 0`,
			`fantail_line_alarm{index="1",source="wss://b/x"} 1`, `fantail_line_bytes_total{index="0",source="wss://a/***"} 70`,
			`fantail_line_reconnects_total{index="1",reason="lost",source="wss://b/x"} 4`,
			`fantail_line_outage_seconds_total{index="1",source="wss://b/x"} 3`,
			`fantail_line_last_message_timestamp_seconds{index="0",source="wss://a/***"} 50`,
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
