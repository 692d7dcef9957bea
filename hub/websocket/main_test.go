package websocket

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a test waits before it is given up. It bounds nothing that
// is promised.
const patience = time.Minute

// No test leaves a goroutine behind for good: those that are about to end are
// given the time.
func TestMain(m *testing.M) {
	code := m.Run()
	for late := time.Now().Add(patience); code == 0; {
		err := goleak.Find()
		if err == nil {
			break
		}
		if time.Now().After(late) {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
