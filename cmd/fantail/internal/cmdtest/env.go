package cmdtest

import (
	"os"
	"strings"
	"testing"
)

// WriteFile writes a file for a test.
func WriteFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Setenv sets the given NAME=value entries for the test and unsets every other
// FANTAIL_ variable. A test that calls it cannot run in parallel.
func Setenv(t testing.TB, entries ...string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "FANTAIL_") {
			t.Setenv(name, value) // restores it
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, entry := range entries {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
}
