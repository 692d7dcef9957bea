// Package leaktest fails the tests of a package that leave a goroutine behind.
package leaktest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// Main is a package's TestMain. It runs the tests and does not return.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a package that has more to do: it returns the exit code.
// Either tells which tests were skipped.
func Run(m *testing.M) (code int) {
	code = m.Run()
	skiptest.Report()
	if code == 0 {
		if err := find(peertest.Patience); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// find returns the goroutines that are there still after so long.
func find(patience time.Duration) (err error) {
	for late := time.Now().Add(patience); ; {
		if err = goleak.Find(); err == nil || time.Now().After(late) {
			return err
		}
	}
}
