// Package e2e tests the program as its users run it: as a process, over sockets,
// with real brokers, browsers and clients.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"fantail/hub/leaktest"
	"fantail/hub/peertest"
)

// asMain in the environment makes the test binary a process of another kind.
const asMain = "TEST_AS_MAIN"

// asClient runs in a process of the kind "client"; the file that uses it sets it.
var asClient func(addr string)

// asHostile runs in a process of the kind "hostile"; the file that uses it sets it.
var asHostile func(args []string)

func TestMain(m *testing.M) {
	switch os.Getenv(asMain) {
	case "client":
		asClient(os.Args[1])
	case "hostile":
		asHostile(os.Args[1:])
	default:
		peertest.Parallel(map[bool]int{false: 6, true: 2}[raceDetector]) // with it they work more than they wait
		code := leaktest.Run(m)
		if dir, err := built(); err == nil {
			os.RemoveAll(dir)
		}
		os.Exit(code)
	}
}

// built is the directory of the programs, which the first test that needs one builds.
var built = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "fantail") })

// build builds the program with the given arguments of go build.
func build(name string, args ...string) (file string, err error) {
	dir, err := built()
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, name)
	args = slices.Concat([]string{"build", "-o", file}, args, []string{"fantail/cmd/fantail"})
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
}

var (
	plain = sync.OnceValues(func() (string, error) { return build("plain") })
	raced = sync.OnceValues(func() (string, error) { return build("raced", "-race") })
)

// program returns the file of the program. It has the race detector if the tests have
// it.
func program(t testing.TB) string {
	t.Helper()
	if raceDetector {
		return fileOf(t, raced)
	}
	return plainProgram(t)
}

// plainProgram returns the file of the program as go build makes it.
func plainProgram(t testing.TB) string {
	t.Helper()
	return fileOf(t, plain)
}

func fileOf(t testing.TB, build func() (string, error)) string {
	t.Helper()
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
