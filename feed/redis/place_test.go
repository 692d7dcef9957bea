package redis

import (
	"testing"

	"fantail/feed/internal/broker"
)

func TestRedisHold(t *testing.T) {
	id := func(ms uint64) entryID { return entryID{ms, 0} }
	for _, tt := range []struct {
		about    string
		state    streamState // entries are 1-0, 2-0, …
		at       entryID
		added    int64
		removed  bool
		want     broker.Kept
		complete bool
	}{
		{"all is there", streamState{id(1), id(9), 9, 9}, id(4), 4, false, broker.Kept{}, true},
		{"at its end", streamState{id(1), id(9), 9, 9}, id(9), 9, false, broker.Kept{}, true},
		{"trimmed up to the place", streamState{id(5), id(9), 5, 9}, id(4), 4, false, broker.Kept{}, false},
		{"trimmed beyond it", streamState{id(8), id(9), 2, 9}, id(4), 4, false, broker.Kept{Missing: 3}, false},
		{"all was trimmed", streamState{entryID{}, id(9), 0, 9}, id(4), 4, false, broker.Kept{Missing: 5}, false},
		{"trimmed by an unknown number", streamState{id(8), id(9), 2, 9}, id(4), -1, false, broker.Kept{}, false},
		{"trimmed, and an old Redis", streamState{id(8), id(9), 2, 0}, id(4), 4, false, broker.Kept{}, true},
		{"recreated, with fewer entries", streamState{id(8), id(9), 2, 2}, id(4), 4, false, broker.Kept{Missing: -4}, false},
		{"it was missing", streamState{id(1), id(2), 2, 2}, entryID{}, 0, true, broker.Kept{Recreated: true}, false},
		{"it was missing, and trimmed since", streamState{id(2), id(2), 1, 2}, entryID{}, 0, true, broker.Kept{Recreated: true, Missing: 1}, false},
		{"it ends before", streamState{id(1), id(3), 3, 3}, id(4), 4, false, broker.Kept{Short: true}, true},
	} {
		if got, complete := tt.state.hold(tt.at, tt.added, tt.removed); got != tt.want || complete != tt.complete {
			t.Errorf("%s: %+v, %v; want %+v, %v", tt.about, got, complete, tt.want, tt.complete)
		}
	}
}
