// Package skiptest leaves out the tests that a machine cannot run, and says so.
//
// Of a package that passes, go test ./... shows one line and nothing that its tests
// say, so a test that is skipped looks like one that was run. Report therefore goes
// to the terminal past go test, if there is one and -v is not given. Elsewhere it is
// what go test -v ./... shows as a line with SKIPPED. A result from the cache is not
// told of again.
package skiptest

import (
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	mu      sync.Mutex
	skipped = map[string][]string{} // the tests that lack something, by what they lack; guarded by mu
)

// Skip skips a test for want of something, and tells what is not checked for it. It
// fails the test instead if the environment has a variable of the name required, by
// which a machine promises to have everything; an empty name is never required. need
// goes on from "needs" and says how to get it. Any goroutine that may call t.Skip.
func Skip(t testing.TB, required, need, format string, args ...any) {
	t.Helper()
	text := fmt.Sprintf("NOT CHECKED: "+format, args...) + "; it needs " + need
	if required != "" && os.Getenv(required) != "" {
		t.Fatalf("%s (%s is set)", text, required)
	}
	mu.Lock()
	skipped[need] = append(skipped[need], t.Name())
	mu.Unlock()
	t.Skip(text)
}

// Report tells how many tests of this package were skipped, and what they need. It
// says nothing if there were none. TestMain calls it after the tests.
func Report() {
	line := summary(packageName())
	if line == "" {
		return
	}
	out := io.Writer(os.Stdout)
	if !testing.Verbose() {
		if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
			defer tty.Close()
			out = tty
		}
	}
	fmt.Fprintln(out, line)
}

// summary returns for example "SKIPPED 3 tests of fantail/feed: 2 need nginx
// (apt-get install nginx-light), 1 needs node".
func summary(of string) string {
	mu.Lock()
	defer mu.Unlock()
	total := 0
	var parts []string
	for _, need := range slices.Sorted(maps.Keys(skipped)) {
		n := len(skipped[need])
		total += n
		parts = append(parts, fmt.Sprintf("%d %s %s", n, map[bool]string{true: "needs", false: "need"}[n == 1], need))
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("SKIPPED %d %s of %s: %s", total, map[bool]string{true: "test", false: "tests"}[total == 1], of, strings.Join(parts, ", "))
}

func packageName() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "this package"
	}
	return strings.TrimSuffix(info.Path, ".test")
}
