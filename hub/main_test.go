package hub

import (
	"testing"
	"time"

	"fantail/hub/leaktest"
)

// patience is how long a test waits before it is given up. It bounds nothing that
// is promised.
const patience = time.Minute

// I6: nothing outlives Close, so no test leaves a goroutine behind.
func TestMain(m *testing.M) { leaktest.Main(m) }
