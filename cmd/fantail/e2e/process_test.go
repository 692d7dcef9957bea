//go:build unix

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/servetest"
)

// process is a process of its own: the program, or the test binary as another kind.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	ended chan struct{}    // closed when it has exited
	err   error            // of the exit; valid once ended is closed
	out   servetest.Output // both streams
}

// launch runs a process of the given kind: the program, or one that TestMain knows.
func launch(t testing.TB, kind string, args []string, env ...string) *process {
	t.Helper()
	return launchUnder(t, nil, kind, args, env...)
}

// launchUnder launches a process by way of a command that becomes it, such as
// one that sets a limit.
func launchUnder(t testing.TB, command []string, kind string, args []string, env ...string) *process {
	t.Helper()
	file := os.Args[0]
	if kind == "fantail" {
		file = program(t)
	}
	argv := slices.Concat(command, []string{file}, args)
	p := &process{t: t, cmd: exec.Command(argv[0], argv[1:]...), ended: make(chan struct{})}
	p.cmd.Env = slices.Concat(cleanEnvironment(), []string{asMain + "=" + kind, "FANTAIL_LOG_FORMAT=json"}, env)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Signal(syscall.SIGCONT)
		p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("fantail %s:\n%s", strings.Join(args, " "), tail(p.text(), 4000))
		}
	})
	return p
}

// cleanEnvironment is this process's without the developer's FANTAIL_ variables.
func cleanEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, config.Prefix) })
}

func (p *process) text() string { return p.out.Text() }

// find waits until the output matches and returns the first group.
func (p *process) find(pattern string) string {
	p.t.Helper()
	return p.out.Find(p.t, pattern)
}

// signal sends a signal.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the end and returns the exit code.
func (p *process) exit(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		p.t.Fatalf("still running after %v", within)
	}
	if e, ok := errors.AsType[*exec.ExitError](p.err); ok {
		return e.ExitCode()
	}
	return 0
}

// relayProcess is a relay as a process: for signals, limits, descriptors and memory.
type relayProcess struct {
	*process
	*servetest.Relay
}

// startRelayProcess runs a relay as a process, on ports of its own choice.
func startRelayProcess(t testing.TB, env ...string) *relayProcess {
	t.Helper()
	return startRelayUnder(t, nil, env...)
}

func startRelayUnder(t testing.TB, command []string, env ...string) *relayProcess {
	t.Helper()
	env = append([]string{"FANTAIL_LISTEN=127.0.0.1:0", "FANTAIL_ADMIN_LISTEN=127.0.0.1:0"}, env...)
	p := launchUnder(t, command, "fantail", nil, env...)
	return &relayProcess{p, servetest.At(t, &p.out)}
}
