package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"fantail/hub/leaktest"
)

// No test leaves a goroutine or a program behind.
func TestMain(m *testing.M) {
	code := leaktest.Run(m)
	for _, dir := range dirs {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// built has the file of each program that a test has asked for, and dirs where they
// are. No two tests build at once.
var (
	built = map[string]string{}
	dirs  []string
)

// build builds a program of this module, once for all tests, and returns its file.
func build(t *testing.T, path string) string {
	t.Helper()
	if file, ok := built[path]; ok {
		return file
	}
	dir, err := os.MkdirTemp("", "fantail-examples-")
	if err != nil {
		t.Fatal(err)
	}
	dirs = append(dirs, dir)
	file := filepath.Join(dir, filepath.Base(path)+".exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, path).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", path, err, out)
	}
	built[path] = file
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
