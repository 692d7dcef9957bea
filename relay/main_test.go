package relay

import (
	"testing"

	"fantail/hub/leaktest"
	"fantail/hub/peertest"
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) {
	peertest.Parallel(6)
	leaktest.Main(m)
}
