package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"fantail/feed"
	"fantail/hub"
	"fantail/hub/websocket"
)

// message is a received or recorded message that can be compared.
type message struct {
	kind    hub.Kind
	payload string
}

// writes is a Writer that hands on each call's bytes; it never blocks for the
// few that a test makes.
type writes chan string

func (w writes) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

// soon is less than the 30 s after which a replay drops who takes nothing, so that
// what comes within it came for another reason.
const soon = 25 * time.Second

// await returns what is written next that contains text.
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
		code <- run(ctx, append([]string{"replay", "-listen", "127.0.0.1:0"}, args...), stdio{out, log})
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
	conn.SetReadLimit(2 * mib)
	return conn
}

// receive reads up to n messages and returns them and the error that ended it.
func receive(t *testing.T, conn *websocket.Conn, n int) (got []message, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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
		got = append(got, message{kind, string(p)})
	}
	return got, nil
}

// record writes messages, a step apart, as a headed recording.
func record(t *testing.T, step time.Duration, messages ...message) (file string) {
	t.Helper()
	var b bytes.Buffer
	w := feed.NewRecorder(&b)
	for i, m := range messages {
		if err := w.Write(time.Unix(1000, 0).Add(time.Duration(i)*step), m.kind, []byte(m.payload)); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(t.TempDir(), "feed.rec")
	writeFile(t, file, b.String())
	return file
}
