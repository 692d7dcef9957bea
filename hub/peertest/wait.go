// Package peertest plays the other side of a connection in tests of all packages: it
// waits for the side under test, and writes frames by hand.
package peertest

import (
	"testing"
	"time"
)

// Patience bounds the wait for an event that has to come, however busy the machine
// is. It ends a test that has failed already, and measures nothing.
const Patience = time.Minute

// The time between two looks at a condition grows from the first to the second: a
// condition that comes soon is seen at once, and a look that costs work, such as a
// scrape, leaves the processors to the side under test.
const (
	pollFirst = time.Millisecond
	pollLast  = 30 * time.Millisecond
)

// Eventually waits until a condition holds that another goroutine or process brings
// about, and fails the test after Patience. Only the test's own goroutine may call
// it.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	if !Soon(holds) {
		t.Fatalf("%s: not within %v", what, Patience)
	}
}

// Soon waits until a condition holds, and reports whether it did within Patience.
// Any goroutine may call it.
func Soon(holds func() bool) bool {
	late := time.Now().Add(Patience)
	for pause := pollFirst; !holds(); pause = min(pollLast, pause*3/2) {
		if time.Now().After(late) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}
