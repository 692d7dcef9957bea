package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"fantail/hub/leaktest"
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) { leaktest.Main(m) }

// build builds a program of this module and returns its file.
func build(t *testing.T, path string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(path)+".exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, path).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", path, err, out)
	}
	return file
}

// readFile returns the content of an example's file.
func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
