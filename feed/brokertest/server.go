//go:build unix

package brokertest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"fantail/hub/nettest"
)

const (
	// patience is how long a broker may take to start.
	patience = 3 * time.Minute
	// tries is how many addresses are tried until a broker starts at one.
	tries = 3
)

// Server is a broker's process. Its methods belong to the test's goroutine.
type Server struct {
	Addr string // host:port, the same over restarts
	Dir  string // its own, kept over restarts

	t       testing.TB
	command func(addr string) *exec.Cmd
	ready   func(addr string) error
	running *exec.Cmd     // nil = none
	ended   chan struct{} // closed when running has
	output  output
}

// start starts a broker at a free address and waits until it is ready. It tries
// another one if the broker ends at once, as it does when somebody else was
// quicker.
func start(t testing.TB, s *Server) *Server {
	t.Helper()
	s.t = t
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("%s wrote: %s", s.Addr, s.output.tail(2000))
		}
	})
	for try := 1; ; try++ {
		s.Addr = nettest.FreeAddr(t)
		if err := s.launch(); err == nil {
			return s
		} else if try == tries {
			t.Fatal(err)
		}
	}
}

// Start starts the broker again after Kill, at the same address and upon what
// it kept.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.launch(); err != nil {
		s.t.Fatal(err)
	}
}

// launch starts the broker and waits until it is ready. An error is that it has
// ended instead.
func (s *Server) launch() error {
	s.t.Helper()
	cmd, ended := s.command(s.Addr), make(chan struct{})
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	// A group of its own, so that what it starts ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.running, s.ended = cmd, ended
	go func() { // ends with the broker, which Kill ends
		defer close(ended)
		cmd.Wait()
	}()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	late := time.After(patience)
	for {
		err := s.ready(s.Addr)
		select {
		case <-ended:
			s.Kill()
			return fmt.Errorf("%v ended with %v: %s", cmd.Args, cmd.ProcessState, s.output.tail(2000))
		case <-late:
			s.t.Fatalf("%v is not ready after %v: %v", cmd.Args, patience, err)
		case <-poll.C:
		}
		if err == nil {
			return nil
		}
	}
}

// Kill ends the broker at once (SIGKILL), with all that it started.
func (s *Server) Kill() {
	if s.running != nil {
		syscall.Kill(-s.running.Process.Pid, syscall.SIGKILL)
		<-s.ended
		s.running = nil
	}
}

// Stop has the broker hang: it keeps its connections, and the kernel takes new
// ones for it, but it says nothing. Continue ends that.
func (s *Server) Stop()     { s.signal(syscall.SIGSTOP) }
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(-s.running.Process.Pid, sig); err != nil {
		s.t.Fatal(err)
	}
}

// require returns the path of a program, or skips the test.
func require(t testing.TB, candidates ...string) string {
	t.Helper()
	for _, name := range candidates {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing := fmt.Sprintf("NOT CHECKED: Fantail with %s, since it is not installed; install it, and set REQUIRE_BROKERS=1 to be told", candidates[0])
	if os.Getenv("REQUIRE_BROKERS") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// write writes a broker's file.
func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

// greets says whether the server at addr answers what is sent with want at its
// start; without anything to send, whether it greets so.
func greets(addr, send string, want ...string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte(send)); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	for _, w := range want {
		if bytes.HasPrefix(answer[:n], []byte(w)) {
			return nil
		}
	}
	return fmt.Errorf("answered %q, %w", answer[:n], err)
}

// output keeps what a process writes. Any goroutine.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) tail(n int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.text.String()
	return s[max(0, len(s)-n):]
}
