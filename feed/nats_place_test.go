package feed

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

func TestNATSHold(t *testing.T) {
	then := time.Unix(1000, 0)
	for _, tt := range []struct {
		about       string
		at          uint64
		created     time.Time
		first, last uint64
		want        Kept
	}{
		{"never read", 7, time.Time{}, 20, 30, Kept{}},
		{"another stream", 7, then.Add(1), 20, 30, Kept{Remade: true}},
		{"all is there", 7, then, 1, 30, Kept{}},
		{"at its end", 30, then, 1, 30, Kept{}},
		{"trimmed up to the place", 7, then, 8, 30, Kept{}},
		{"trimmed beyond it", 7, then, 20, 30, Kept{Missing: 12}},
		{"empty, and all is read", 30, then, 31, 30, Kept{}},
		{"never filled", 0, then, 0, 0, Kept{}},
		{"it ends before", 31, then, 1, 30, Kept{Short: true}},
	} {
		info := &nats.StreamInfo{Created: then, State: nats.StreamState{FirstSeq: tt.first, LastSeq: tt.last}}
		if got := natsHold(tt.at, tt.created, info); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.about, got, tt.want)
		}
	}
}
