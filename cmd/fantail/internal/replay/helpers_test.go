package replay

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

// writes is a Writer that hands on each call's bytes; it never blocks for the
// few that a test makes.
type writes chan string

func (w writes) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

// soon is less than the 30 s after which a replay drops a silent subscriber, so that
// what comes within it came for another reason.
const soon = 25 * time.Second

// await returns the next write that contains text.
func (w writes) await(t *testing.T, text string) string {
	t.Helper()
	deadline := time.After(soon)
	for {
		select {
		case s := <-w:
			if strings.Contains(s, text) {
				return s
			}
		case <-deadline:
			t.Fatalf("nothing with %q was written", text)
		}
	}
}

// startReplay runs fantail replay with args at a free port until the test ends
// and returns its banner, its URL and its log.
func startReplay(t *testing.T, args ...string) (banner, url string, log writes) {
	t.Helper()
	out, log := make(writes, 10), make(writes, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int)
	go func() { // ended by cancel
		code <- cli.Conclude(Command().Run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), cli.Stdio{Out: out, Err: log}), log)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case c := <-code:
			if c != 0 {
				t.Errorf("exit code %d", c)
			}
		case <-time.After(soon):
			t.Error("replay did not stop")
		}
	})
	banner = out.await(t, "replaying")
	return banner, regexp.MustCompile(`ws://127\.0\.0\.1:\d+/`).FindString(banner), log
}

// subscribe connects to a replay; the connection ends with the test.
func subscribe(t *testing.T, url string, o websocket.DialOptions) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(2 << 20)
	return conn
}

// receive reads up to n messages and returns them and the error that ended it.
func receive(t *testing.T, conn *websocket.Conn, n int) (got []cmdtest.Message, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), peertest.Patience)
	defer cancel()
	for range n {
		kind, r, err := conn.Reader(ctx)
		if err != nil {
			return got, err
		}
		p, err := io.ReadAll(r)
		if err != nil {
			return got, err
		}
		got = append(got, cmdtest.Message{Kind: kind, Payload: string(p)})
	}
	return got, nil
}
