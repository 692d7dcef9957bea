// Package peertest is what tests of all packages play the other side of a
// connection with: how long they wait for it, and what it says by hand.
package peertest

import (
	"testing"
	"time"
)

// Patience bounds the wait for an event that has to come, however busy the machine
// is. It ends a test that has failed already, and measures nothing.
const Patience = time.Minute

// poll is the time between two looks at a condition.
const poll = 2 * time.Millisecond

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
	tick := time.NewTicker(poll)
	defer tick.Stop()
	late := time.After(Patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			return false
		}
	}
	return true
}
