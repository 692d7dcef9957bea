package nats

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"fantail/feed/internal/broker"
)

func TestNATSHold(t *testing.T) {
	then := time.Unix(1000, 0)
	for _, tt := range []struct {
		about       string
		at          uint64
		created     time.Time
		first, last uint64
		want        broker.Kept
	}{
		{"never read", 7, time.Time{}, 20, 30, broker.Kept{}},
		{"another stream", 7, then.Add(1), 20, 30, broker.Kept{Recreated: true}},
		{"all is there", 7, then, 1, 30, broker.Kept{}},
		{"at its end", 30, then, 1, 30, broker.Kept{}},
		{"trimmed up to the place", 7, then, 8, 30, broker.Kept{}},
		{"trimmed beyond it", 7, then, 20, 30, broker.Kept{Missing: 12}},
		{"empty, and all is read", 30, then, 31, 30, broker.Kept{}},
		{"never filled", 0, then, 0, 0, broker.Kept{}},
		{"it ends before", 31, then, 1, 30, broker.Kept{Short: true}},
	} {
		info := &nats.StreamInfo{Created: then, State: nats.StreamState{FirstSeq: tt.first, LastSeq: tt.last}}
		if got := hold(tt.at, tt.created, info); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.about, got, tt.want)
		}
	}
}
