//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fantail/hub/peertest"
)

// full asks for the scale that a release is judged by, instead of the one that
// a developer waits for.
var full = os.Getenv("FULL") != ""

// scale returns the first value, or the second at full scale.
func scale[T any](reduced, atFull T) T {
	if full {
		return atFull
	}
	return reduced
}

// process is a process of its own: the program, or the test binary as another kind.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it has exited
	err    error         // of the exit; valid once ended is closed
	mu     sync.Mutex
	output bytes.Buffer // both streams; guarded by mu
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
	p.cmd.Env = append(append(os.Environ(), asMain+"="+kind, "FANTAIL_LOG_FORMAT=json"), env...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
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

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(b)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// find waits until the output matches and returns the first group.
func (p *process) find(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found []string
	peertest.Eventually(p.t, "output like "+pattern, func() bool {
		found = re.FindStringSubmatch(p.text())
		return found != nil
	})
	return found[1]
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

// relayProcess is a running relay.
type relayProcess struct {
	*process
	addr, admin string
}

// startRelay runs the relay on ports of its own choice.
func startRelay(t testing.TB, env ...string) *relayProcess {
	t.Helper()
	return startRelayUnder(t, nil, env...)
}

func startRelayUnder(t testing.TB, command []string, env ...string) *relayProcess {
	t.Helper()
	env = append([]string{"FANTAIL_LISTEN=127.0.0.1:0", "FANTAIL_ADMIN_LISTEN=127.0.0.1:0"}, env...)
	r := &relayProcess{process: launchUnder(t, command, "fantail", nil, env...)}
	r.addr = r.find(`feed +wss?://(\S+)/ws`)
	r.admin = r.find(`metrics +http://(\S+)/metrics`)
	return r
}

// metric returns the value of a metric, zero if it is not there.
func (r *relayProcess) metric(name string) float64 {
	r.t.Helper()
	v, _ := strconv.ParseFloat(firstGroup(r.get("/metrics"), `(?m)^`+regexp.QuoteMeta(name)+` (\S+)`), 64)
	return v
}

func (r *relayProcess) get(path string) string {
	r.t.Helper()
	client := http.Client{Timeout: peertest.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + r.admin + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func firstGroup(s, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// subscriber is one client on a socket of the test's own.
type subscriber struct {
	conn     net.Conn
	r        *bufio.Reader
	position string // Fantail-Position of the handshake
}

// openSubscriber performs the opening handshake.
func openSubscriber(addr, path string, buffer int) (*subscriber, error) {
	return openSubscriberWith(addr, path, "", buffer)
}

// openSubscriberWith performs the handshake with further header lines.
func openSubscriberWith(addr, path, lines string, buffer int) (*subscriber, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", path, addr, lines)
	s := &subscriber{conn: c, r: bufio.NewReaderSize(c, buffer)}
	resp, err := http.ReadResponse(s.r, nil)
	if err == nil && resp.StatusCode != 101 {
		err = fmt.Errorf("handshake: %s", resp.Status)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	s.position = resp.Header.Get("Fantail-Position")
	return s, nil
}

// subscribeAll makes n subscribers, closed at the end of the test.
func subscribeAll(t testing.TB, n int, addr, path string) []*subscriber {
	t.Helper()
	all := make([]*subscriber, n)
	for i := range all {
		s, err := openSubscriber(addr, path, 8<<10)
		if err != nil {
			t.Fatalf("client %d of %d: %v", i, n, err)
		}
		t.Cleanup(func() { s.conn.Close() })
		all[i] = s
	}
	return all
}

// frame reads one frame of the server's.
func (s *subscriber) frame() (opcode byte, payload []byte, err error) {
	var h [10]byte
	if _, err = io.ReadFull(s.r, h[:2]); err != nil {
		return
	}
	n := uint64(h[1])
	switch n {
	case 126:
		_, err = io.ReadFull(s.r, h[2:4])
		n = uint64(binary.BigEndian.Uint16(h[2:]))
	case 127:
		_, err = io.ReadFull(s.r, h[2:10])
		n = binary.BigEndian.Uint64(h[2:])
	}
	if err != nil {
		return
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(s.r, payload)
	return h[0] & 0xF, payload, err
}

// message reads the next message, and answers the pings before it. A close frame
// is an error.
func (s *subscriber) message() (payload []byte, err error) {
	for {
		op, payload, err := s.frame()
		switch {
		case err != nil:
			return nil, err
		case op == 8:
			return nil, fmt.Errorf("closed with %q", payload)
		case op != 9:
			return payload, nil
		}
		s.answer(10, payload)
	}
}

// answer sends an empty masked pong, or a close frame's echo.
func (s *subscriber) answer(opcode byte, payload []byte) {
	b := append([]byte{0x80 | opcode, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
	s.conn.Write(b)
}

// readAll answers pings and hands every message on until the connection ends.
// It returns the close frame's payload, if there was one.
func (s *subscriber) readAll(message func(opcode byte, payload []byte)) (closing []byte, err error) {
	for {
		op, payload, err := s.frame()
		switch {
		case err != nil:
			return closing, err
		case op == 8:
			closing = payload
			s.answer(8, payload[:2])
		case op == 9:
			s.answer(10, payload)
		case message != nil:
			message(op, payload)
		}
	}
}
