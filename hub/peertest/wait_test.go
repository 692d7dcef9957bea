package peertest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			after time.Duration
			want  bool
		}{{0, true}, {time.Second, true}, {2 * Patience, false}} {
			began := time.Now()
			if got := Soon(func() bool { return time.Since(began) >= tt.after }); got != tt.want {
				t.Errorf("a condition that holds after %v: %v", tt.after, got)
			}
		}
	})
}
