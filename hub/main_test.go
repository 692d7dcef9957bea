package hub

import (
	"testing"

	"fantail/hub/leaktest"
)

// I6: nothing outlives Close, so no test leaves a goroutine behind.
func TestMain(m *testing.M) { leaktest.Main(m) }
