package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"fantail/cmd/fantail/internal/config"
)

// part is a process of a self-test: the source, the floor or the relay.
type part struct {
	name string
	addr string // host:port that it listens at
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	errs *lastBytes
}

const (
	partStart = 20 * time.Second // for a part to listen
	partEnd   = 10 * time.Second // for a part to end once its standard input has
)

// address finds a part's address in what it prints.
var address = regexp.MustCompile(`(?:^listening |feed +ws://)([^/\s]+)`)

// startPart starts this program again as one part. Its environment is env and that of
// this process without the FANTAIL_ variables.
func startPart(name string, args, env []string) (*part, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &part{name: name, cmd: exec.Command(self, append([]string{ChildName, name}, args...)...), errs: &lastBytes{}}
	p.cmd.Env = append(withoutPrefix(os.Environ()), env...)
	p.cmd.Stderr = p.errs
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("the %s: %w", name, err)
	}
	if err := p.listening(); err != nil {
		return nil, errors.Join(p.failed(err), p.stop())
	}
	return p, nil
}

// withoutPrefix returns the entries that are not variables of fantail, since a self-test
// measures the defaults.
func withoutPrefix(environ []string) (out []string) {
	for _, entry := range environ {
		if !strings.HasPrefix(entry, config.Prefix) {
			out = append(out, entry)
		}
	}
	return out
}

// listening waits until the part has printed its address.
func (p *part) listening() error {
	timer := time.AfterFunc(partStart, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	for {
		line, err := p.out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("it ended, or did not listen within %v: %w", partStart, err)
		}
		if m := address.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			p.addr = m[1]
			return nil
		}
	}
}

// cpu asks the part for the processor time that it has used.
func (p *part) cpu() (time.Duration, error) {
	if _, err := io.WriteString(p.in, "cpu\n"); err != nil {
		return 0, p.failed(err)
	}
	for {
		line, err := p.out.ReadString('\n')
		if err != nil {
			return 0, p.failed(err)
		}
		if text, ok := strings.CutPrefix(line, "cpu "); ok {
			ns, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			return time.Duration(ns), err
		}
	}
}

// failed adds the end of the part's standard error to an error.
func (p *part) failed(err error) error {
	return fmt.Errorf("the %s: %w; it wrote: %s", p.name, err, strings.TrimSpace(p.errs.String()))
}

// stop ends the part and waits for it.
func (p *part) stop() error {
	p.in.Close()
	timer := time.AfterFunc(partEnd, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	io.Copy(io.Discard, p.out)
	if err := p.cmd.Wait(); err != nil {
		return p.failed(err)
	}
	return nil
}

// lastBytes is a Writer that keeps the last bytes written to it.
type lastBytes struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

const keptBytes = 2000

func (l *lastBytes) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(b)
	l.buf.Next(max(0, l.buf.Len()-keptBytes))
	return len(b), nil
}

func (l *lastBytes) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
