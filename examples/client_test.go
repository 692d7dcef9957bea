package examples

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/skiptest"
	"fantail/relay"
)

// node returns a command that runs a script under Node. Without a Node that has a
// WebSocket the test is left out, or fails if REQUIRE_NODE is set.
func node(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	for _, flags := range [][]string{nil, {"--experimental-websocket"}} {
		probe := exec.CommandContext(t.Context(), "node", append(flags, "-e", "process.exit(globalThis.WebSocket ? 0 : 1)")...)
		if probe.Run() == nil {
			ctx, cancel := context.WithTimeout(context.Background(), lifetime)
			t.Cleanup(cancel)
			return exec.CommandContext(ctx, "node", append(flags, args...)...)
		}
	}
	skiptest.Skip(t, "REQUIRE_NODE", "node with a WebSocket (install Node 22)", "the JavaScript client")
	return nil
}

// TestClientUnits runs the client's own tests.
func TestClientUnits(t *testing.T) {
	if out, err := node(t, "--test", "client/fantail.test.mjs").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestPageHasTheClient: the relay's page embeds this client. It is a copy, because
// embedding reaches no other folder.
func TestPageHasTheClient(t *testing.T) {
	if readFile(t, "client/fantail.js") != readFile(t, "../relay/page/fantail.js") {
		t.Error("examples/client/fantail.js and relay/page/fantail.js differ; copy the first over the second")
	}
}

// follower is client/follow.mjs at work.
type follower struct {
	t     *testing.T
	lines *bufio.Scanner
}

// followed is a line that it prints.
type followed struct {
	Position, Key string
	Text, Base64  *string
	Gap           *struct {
		Missed         *uint64
		From, Position string
		AtLeast        bool
	}
	Phase, Reason string
	Code          int
}

// follow starts the client with a hundredth of its usual waits.
func follow(t *testing.T, url string) *follower {
	t.Helper()
	cmd := node(t, "--import", "data:text/javascript,const%20r=Math.random;Math.random=()=%3Er()/100", "client/follow.mjs", url)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		_ = cmd.Wait()
	})
	f := &follower{t, bufio.NewScanner(out)}
	f.lines.Buffer(nil, 1<<20)
	return f
}

func (f *follower) next() (line followed) {
	f.t.Helper()
	if !f.lines.Scan() {
		f.t.Fatalf("the client has ended: %v", f.lines.Err())
	}
	if err := json.Unmarshal(f.lines.Bytes(), &line); err != nil {
		f.t.Fatal(err)
	}
	return line
}

// phase reads until the client is in that phase.
func (f *follower) phase(want string) followed {
	f.t.Helper()
	for {
		if line := f.next(); line.Phase == want {
			return line
		}
	}
}

// cutting is a listener whose first connections end after a random number of
// bytes.
type cutting struct {
	net.Listener
	rnd  *rand.Rand
	cuts int
}

func (l *cutting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || l.cuts == 0 {
		return c, err
	}
	l.cuts--
	inner, outer := net.Pipe()
	budget := 300 + l.rnd.Int64N(4000)
	go func() { // ended by either side
		io.CopyN(c, inner, budget)
		c.Close()
		inner.Close()
	}()
	go func() { // ended by either side
		io.Copy(inner, c)
		inner.Close()
	}()
	return outer, nil
}

// startClientRelay serves a hub whose first connections are cut.
func startClientRelay(t *testing.T, c hub.Config, cuts int) (h *relay.Hub, url string) {
	t.Helper()
	h = relay.NewHub(c)
	r, err := relay.New(relay.Config{Hub: h})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(r.Handler())
	server.Listener = &cutting{server.Listener, rand.New(rand.NewPCG(5, 6)), cuts}
	server.Start()
	t.Cleanup(func() { h.Close(); server.Close() })
	return h, "ws" + strings.TrimPrefix(server.URL, "http") + "/ws"
}

// kinds of messages, by number.
func numbered(n int) hub.Input {
	switch n % 4 {
	case 0:
		return hub.Input{Kind: hub.Binary, Payload: fmt.Append(nil, "\x00", n)}
	case 1:
		return hub.Input{Payload: fmt.Appendf(nil, `{"n": %d} `, n), Key: "json"}
	case 2:
		return hub.Input{Payload: fmt.Appendf(nil, "é\n\"%d", n)}
	}
	return hub.Input{Payload: fmt.Appendf(nil, `"%d"`, n)}
}

// TestClientAcrossCuts: over connections that break at any byte, every message
// comes once, in order, and as it was sent.
func TestClientAcrossCuts(t *testing.T) {
	const messages, cuts = 3000, 60
	h, url := startClientRelay(t, hub.Config{}, cuts)
	f := follow(t, url)
	f.phase("open")
	done := make(chan struct{})
	go func() { // ends by itself
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for n := range messages {
			h.Publish(numbered(n))
			<-tick.C
		}
	}()
	defer func() { <-done }()
	opened := 1
	for n := 0; n < messages; {
		line := f.next()
		switch {
		case line.Gap != nil:
			t.Fatalf("a gap before message %d: %+v", n, *line.Gap)
		case line.Phase == "open":
			opened++
		case line.Position != "":
			want, got := numbered(n), ""
			if want.Kind == hub.Binary && line.Base64 != nil {
				got = unbase64(t, *line.Base64)
			} else if line.Text != nil {
				got = *line.Text
			}
			if got != string(want.Payload) || line.Key != want.Key {
				t.Fatalf("message %d is %q with key %q, want %q", n, got, line.Key, want.Payload)
			}
			n++
		}
	}
	if opened < cuts/2 {
		t.Errorf("only %d connections", opened)
	}
}

func unbase64(t *testing.T, s string) string {
	var b []byte
	if err := json.Unmarshal([]byte(`"`+s+`"`), &b); err != nil {
		t.Error(err)
	}
	return string(b)
}

// TestClientTellsGaps: the client counts the messages that a small ring has dropped.
func TestClientTellsGaps(t *testing.T) {
	h, url := startClientRelay(t, hub.Config{Ring: hub.RingSize{Messages: 8}}, 0)
	for n := range 100 {
		h.Publish(numbered(n))
	}
	f := follow(t, url+"?since="+h.Position(10).String())
	for {
		line := f.next()
		if line.Gap == nil {
			continue
		}
		first := f.next()
		if line.Gap.Missed == nil || line.Gap.From != h.Position(10).String() || first.Position != h.Position(10+*line.Gap.Missed+1).String() {
			t.Errorf("gap %+v, and then %s", *line.Gap, first.Position)
		}
		return
	}
}

// TestClientOverADrain: it resumes where the close says, as long as it takes.
func TestClientOverADrain(t *testing.T) {
	h, url := startClientRelay(t, hub.Config{}, 0)
	f := follow(t, url)
	f.phase("open")
	h.Publish(numbered(1))
	h.Drain(t.Context(), time.Millisecond)
	if line := f.phase("waiting"); line.Code != 1001 || line.Reason != "draining; resume="+h.Position(1).String() {
		t.Errorf("closed with %d %q", line.Code, line.Reason)
	}
	f.phase("connecting")
}
