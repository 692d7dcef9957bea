package websocket

import (
	"testing"
	"time"

	"fantail/hub/leaktest"
)

// patience is how long a test waits before it is given up. It bounds nothing that
// is promised.
const patience = time.Minute

// No test leaves a goroutine behind.
func TestMain(m *testing.M) { leaktest.Main(m) }
