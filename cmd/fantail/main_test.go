package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/hub/leaktest"
)

// asMain in the environment makes the test binary a process of another kind:
// fantail itself, or one that does not end when it is asked to.
const asMain = "TEST_AS_MAIN"

func TestMain(m *testing.M) {
	switch os.Getenv(asMain) {
	case "fantail":
		main()
	case "stubborn":
		ctx := endOnSignal(context.Background())
		fmt.Println("running")
		<-ctx.Done()
		fmt.Println("asked to end")
		select {}
	default:
		leaktest.Main(m)
	}
}

// start runs the test binary as a process of the given kind and returns it with
// its output once it has written its first line.
func start(t *testing.T, kind string, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"="+kind)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(pipe)
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

func TestSignalEndsReplayWithExitCode0(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txt")
	cmdtest.WriteFile(t, file, "1\ta\n")
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		cmd, _ := start(t, "fantail", "replay", file, "-listen", "127.0.0.1:0")
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		asked := time.Now()
		if err := cmd.Wait(); err != nil || time.Since(asked) > 20*time.Second {
			t.Errorf("%v: ended after %v with %v, want exit code 0 at once", sig, time.Since(asked), err)
		}
	}
}

func TestSecondSignalEndsTheProcess(t *testing.T) {
	cmd, out := start(t, "stubborn")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if line, err := out.ReadString('\n'); line != "asked to end\n" {
		t.Fatalf("%q, %v after the first signal, want it cancelled and alive", line, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("ended with %v after the second signal, want exit code 1", err)
	}
}

func TestExitCodeOfProcess(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "replay")
	cmd.Env = append(os.Environ(), asMain+"=fantail")
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "fantail replay FILE") {
		t.Errorf("exit code %d, output %q", cmd.ProcessState.ExitCode(), out)
	}
}
