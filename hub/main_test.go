package hub

import (
	"testing"

	"go.uber.org/goleak"
)

// I6: nothing outlives Close, so no test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
