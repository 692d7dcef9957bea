//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// TestRecordingsThroughTail records the messages of a replay. Every message comes back byte
// for byte, with its kind. If TEST_FEEDS names a folder, the test plays the recordings in
// it as well as its own.
func TestRecordingsThroughTail(t *testing.T) {
	parallel(t)
	files := append(ownRecordings(t), mixedRecording(t))
	if dir := os.Getenv("TEST_FEEDS"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*-*.*"))
		if err != nil || len(more) < 10 {
			t.Fatalf("TEST_FEEDS=%s holds %d recordings, %v; name the folder of the recorded feeds", dir, len(more), err)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := readRecording(t, file)
			source, copied := nettest.FreeAddr(t), filepath.Join(t.TempDir(), "copy.txt")
			launch(t, "fantail", []string{"replay", file, "-listen", source, "-speed", "max"}).find(`(relay it with)`)
			p := launch(t, "fantail", []string{"tail", "-stats", "-n", fmt.Sprint(want.messages), "-record", copied, "ws://" + source + "/"})
			if code := p.exit(peertest.Patience); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if got := readRecording(t, copied); got.sum != want.sum || got.messages != want.messages {
				t.Errorf("recorded %d messages, %d bytes; want %d, %d", got.messages, got.bytes, want.messages, want.bytes)
			}
			launch(t, "fantail", []string{"replay", copied, "-listen", "127.0.0.1:0"}).find(`(relay it with)`)
		})
	}
}

// mixedRecording holds messages of all kinds and looks in one file.
func mixedRecording(t *testing.T) string {
	large := make([]byte, 700_000)
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range large {
		large[i] = byte(rnd.Uint32())
	}
	return cmdtest.Record(t, time.Millisecond,
		cmdtest.Text(""), cmdtest.Binary(""), cmdtest.Text("a\tb\x00\x1b[2J"), cmdtest.Text("PING\r\n"), cmdtest.Text("\n"),
		cmdtest.Text("#fantail 1"), cmdtest.Binary(string(large)), cmdtest.Text(strings.Repeat("é", 350_000)))
}

// TestTailOfARelay: without a URL it is the relay of this environment, by the
// very command that the relay prints.
func TestTailOfARelay(t *testing.T) {
	parallel(t)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=demo:?rate=1000")
	for _, args := range [][]string{{"tail", "-n", "3"}, {"tail", "-n", "3", r.Find(` tail (ws://\S+)`)}} {
		p := launch(t, "fantail", args, "FANTAIL_LISTEN="+r.Addr)
		if code := p.exit(peertest.Patience); code != 0 || strings.Count(p.text(), `{"demo":true,`) != 3 || !strings.Contains(p.text(), "3 messages, ") {
			t.Errorf("exit code %d:\n%s", code, p.text())
		}
	}
}

// TestTailReconnects: the tail reconnects to a source that ends its connections, tells so,
// and goes on recording. SIGINT is the orderly end.
func TestTailReconnects(t *testing.T) {
	parallel(t)
	source, copied := nettest.FreeAddr(t), filepath.Join(t.TempDir(), "copy.txt")
	launch(t, "fantail", []string{"replay", cmdtest.Record(t, 0, cmdtest.Text("one"), cmdtest.Text("two")), "-listen", source}).find(`(relay it with)`)
	p := launch(t, "fantail", []string{"tail", "-record", copied, "ws://" + source + "/"})
	p.find(`(?s)two.*(source is away).*source is back.*two`)
	p.signal(os.Interrupt)
	if code := p.exit(peertest.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	p.find(`(\d+ messages, .* lost connections, away for .*; recorded in )`)
	if text, err := os.ReadFile(copied); err != nil || strings.Count(string(text), "\tone\n") < 2 || !strings.HasSuffix(string(text), "\n") {
		t.Errorf("recorded %q, %v", text, err)
	}
}

// TestTailRecordingIsOnDisk: a process that is killed leaves everything that it recorded.
func TestTailRecordingIsOnDisk(t *testing.T) {
	parallel(t)
	copied := filepath.Join(t.TempDir(), "copy.txt")
	p := launch(t, "fantail", []string{"tail", "-record", copied, "demo:?rate=1000"})
	p.find(`"seq":(1000),`)
	p.signal(os.Kill)
	p.exit(peertest.Patience)
	if got := readRecording(t, copied); got.messages < 1000 {
		t.Errorf("%d messages are on disk", got.messages)
	}
}

// TestTailIntoAPipeThatCloses is fantail tail | head -3.
func TestTailIntoAPipeThatCloses(t *testing.T) {
	parallel(t)
	cmd := exec.Command(program(t), "tail", "demo:?rate=1000")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines, n := bufio.NewScanner(out), 0; n < 3 && lines.Scan(); n++ {
		if !strings.HasPrefix(lines.Text(), `{"demo":true,`) {
			t.Errorf("printed %q", lines.Text())
		}
	}
	out.Close()
	if err := cmd.Wait(); err != nil || strings.Contains(errs.String(), "pipe") {
		t.Errorf("ended with %v, %s", err, errs.String())
	}
}

func TestTailStatsWithoutATerminal(t *testing.T) {
	parallel(t)
	p := launch(t, "fantail", []string{"tail", "-stats", "demo:?rate=100"})
	p.find(`(?m)^(\d+ msg/s  .*/s  total [\d,]+  latency \S+  no gap)$`)
	p.signal(os.Interrupt)
	if code := p.exit(peertest.Patience); code != 0 || strings.Contains(p.text(), "\x1b") {
		t.Errorf("exit code %d, %q", code, p.text())
	}
}
