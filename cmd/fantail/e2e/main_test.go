// Package e2e tests the program as its users run it: as a process, over sockets,
// with real brokers, browsers and clients.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"fantail/hub/leaktest"
	"fantail/hub/peertest"
)

// asMain in the environment makes the test binary a process of another kind.
const asMain = "TEST_AS_MAIN"

// asClient is what a process of the kind "client" does; set where it is used.
var asClient func(addr string)

// asHostile is what a process of the kind "hostile" does; set where it is used.
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
		os.RemoveAll(built)
		os.Exit(code)
	}
}

// built is the directory of the program, which the first test that needs it builds.
var built string

// build builds the program once, with the race detector if the tests have it.
var build = sync.OnceValues(func() (file string, err error) {
	if built, err = os.MkdirTemp("", "fantail"); err != nil {
		return "", err
	}
	file = filepath.Join(built, "fantail")
	args := []string{"build", "-o", file, "fantail/cmd/fantail"}
	if raceDetector {
		args = []string{"build", "-race", "-o", file, "fantail/cmd/fantail"}
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
})

// program returns the program's file.
func program(t testing.TB) string {
	t.Helper()
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
