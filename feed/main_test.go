package feed

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that are left behind. Those that are about to end
// have the time for it.
func TestMain(m *testing.M) {
	code := m.Run()
	for late := time.Now().Add(patience); code == 0; {
		left := goleak.Find()
		if left == nil {
			break
		}
		if time.Now().After(late) {
			fmt.Fprintln(os.Stderr, left)
			code = 1
		}
	}
	os.Exit(code)
}
