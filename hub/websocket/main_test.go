package websocket

import (
	"testing"

	"fantail/hub/leaktest"
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) { leaktest.Main(m) }
