//go:build unix

package e2e

import (
	"os"
	"regexp"
	"testing"
)

// full asks for the scale that a release is judged by, instead of the one that
// a developer waits for.
var full = os.Getenv("FULL") != ""

// scale returns the first value, or the second at full scale.
func scale[T any](reduced, atFull T) T {
	if full {
		return atFull
	}
	return reduced
}

// parallel lets a test run beside others, but for the scale that a release is judged
// by: there each has the machine for itself.
func parallel(t *testing.T) {
	t.Helper()
	if !full {
		t.Parallel()
	}
}

// parallelUnlessRaced is parallel for a test that the race detector leaves without a
// processor to spare.
func parallelUnlessRaced(t *testing.T) {
	t.Helper()
	if !raceDetector {
		parallel(t)
	}
}

func firstGroup(s, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
