package examples

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fantail/hub/peertest"
)

// lifetime bounds a process.
const lifetime = 4 * peertest.Patience

// process is an example at work. One goroutine.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	out *bufio.Reader // its standard output
}

// launch runs a program with the given NAME=value entries and none of the
// developer's FANTAIL_ variables. The process ends with the test at the latest.
func launch(t *testing.T, environment []string, program string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), lifetime)
	cmd := exec.CommandContext(ctx, program, args...)
	ours := func(entry string) bool { return strings.HasPrefix(entry, "FANTAIL_") }
	cmd.Env = append(slices.DeleteFunc(os.Environ(), ours), environment...)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // an error if it was waited for or killed
	})
	return &process{t: t, cmd: cmd, out: bufio.NewReader(out)}
}

// find reads the output until a line matches and returns its first group.
func (p *process) find(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for {
		line, err := p.out.ReadString('\n')
		if found := re.FindStringSubmatch(line); found != nil {
			return found[1]
		}
		if err != nil {
			p.t.Fatalf("%s: no output like %s: %v", p.cmd.Path, pattern, err)
		}
	}
}

// terminate asks the process to end.
func (p *process) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

// exited waits for the end, which has to be with exit code 0.
func (p *process) exited() {
	p.t.Helper()
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v, want exit code 0", p.cmd.Path, err)
	}
}
