package throttle

import (
	"slices"
	"testing"
	"time"
)

func TestLog(t *testing.T) {
	var l Log
	now := time.Unix(1000, 0)
	var told []uint64
	for _, after := range []time.Duration{0, 1, Every - 2, 1, 1, Every, Every} {
		now = now.Add(after)
		told = append(told, l.Count(now))
	}
	if want := []uint64{1, 0, 0, 3, 0, 2, 1}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}
