package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// asMain in the environment makes the test binary behave as fantail itself.
const asMain = "TEST_AS_FANTAIL"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// startMain runs fantail as a process of its own and returns it once it has
// written its first line.
func startMain(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestSignalEndsReplayWithExitCode0(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txt")
	writeFile(t, file, "1\ta\n")
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		cmd := startMain(t, "replay", file, "-listen", "127.0.0.1:0")
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := cmd.Wait(); err != nil || time.Since(start) > 5*time.Second {
			t.Errorf("%v: ended after %v with %v, want exit code 0 at once", sig, time.Since(start), err)
		}
	}
}

func TestExitCodeOfProcess(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "replay")
	cmd.Env = append(os.Environ(), asMain+"=1")
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "fantail replay FILE") {
		t.Errorf("exit code %d, output %q", cmd.ProcessState.ExitCode(), out)
	}
}

// writeFile writes a file for a test.
func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// setenv makes the test's FANTAIL_ environment exactly the given NAME=value
// entries, whatever the developer has set.
func setenv(t *testing.T, entries ...string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, prefix) {
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
