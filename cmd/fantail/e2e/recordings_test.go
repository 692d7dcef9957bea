//go:build unix

package e2e

import (
	"encoding/base64"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/feed/recording"
	"fantail/hub/nettest"
	"fantail/hub/websocket"
)

// TestRecordings serves recordings over a real WebSocket to a relay, and
// compares the messages of each client with the recording: every message byte for
// byte, in order, with its kind. If TEST_FEEDS names a folder, the test
// plays the recordings in it as well as its own.
func TestRecordings(t *testing.T) {
	parallel(t)
	files := ownRecordings(t)
	if dir := os.Getenv("TEST_FEEDS"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*-*.*"))
		if err != nil || len(more) < 10 {
			t.Fatalf("TEST_FEEDS=%s holds %d recordings, %v; name the folder of the recorded feeds", dir, len(more), err)
		}
		for _, file := range more {
			if strings.HasPrefix(filepath.Base(file), "twitch-irc") {
				file = asOnTheWire(t, file)
			}
			files = append(files, file)
		}
	}
	slots := make(chan struct{}, 3) // of two processors: the loads are small most of the time
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			recorded := readRecording(t, file)
			t.Run("own speed", func(t *testing.T) {
				speed := scale(max(1, recorded.seconds/6), 1.0)
				relayRecording(t, file, recorded, scale(100, 1000), speed)
			})
			t.Run("ten times", func(t *testing.T) {
				relayRecording(t, file, recorded, scale(20, 100), 10*scale(max(1, recorded.seconds/20), 1.0),
					"FANTAIL_QUEUE_BYTES=64MiB", "FANTAIL_RING_BYTES=128MiB")
			})
		})
	}
}

// expected describes the frames' bytes that a client must have got of a file.
type expected struct {
	messages int
	bytes    int64
	sum      uint64
	seconds  float64
}

var hashSeed = maphash.MakeSeed()

// readRecording hashes the frames that every client's connection must carry.
func readRecording(t *testing.T, file string) expected {
	t.Helper()
	var r expected
	var h maphash.Hash
	h.SetSeed(hashSeed)
	first, last := int64(0), int64(0)
	eachRecorded(t, file, func(m recording.Record) {
		frame := websocket.AppendMessage(nil, m.Kind, m.Payload)
		h.Write(frame)
		r.messages++
		r.bytes += int64(len(frame))
		if first == 0 {
			first = m.Time
		}
		last = max(last, m.Time)
	})
	r.sum, r.seconds = h.Sum64(), float64(last-first)/1e9
	return r
}

// eachRecorded reads a whole recording.
func eachRecorded(t *testing.T, file string, do func(recording.Record)) {
	t.Helper()
	f, err := recording.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		m, err := f.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		do(m)
	}
}

// relayRecording has n clients join a relay, then the source appear, and
// compares each client's bytes with the recording's.
func relayRecording(t *testing.T, file string, want expected, n int, speed float64, env ...string) {
	source := nettest.FreeAddr(t)
	r := servetest.Start(t, append(env, "FANTAIL_SOURCE_URL=ws://"+source+"/", "FANTAIL_PING_INTERVAL=1h", "FANTAIL_LOG_LEVEL=debug")...)
	clients := subscribeAll(t, n, r.Addr, "/ws")
	launch(t, "fantail", []string{"replay", file, "-listen", source, "-speed", fmt.Sprint(speed)})
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() {
			var h maphash.Hash
			h.SetSeed(hashSeed)
			got, err := io.CopyN(&h, c.r, want.bytes)
			if err != nil || h.Sum64() != want.sum {
				t.Errorf("client %d: %d bytes of %d, equal %v, %v", i, got, want.bytes, h.Sum64() == want.sum, err)
			}
		})
	}
	wg.Wait()
	for _, why := range []string{"slow", "protocol", "silent"} {
		if got := r.Metric(`fantail_client_leaves_total{reason="` + why + `"}`); got != 0 {
			t.Errorf("%v clients left as %s", got, why)
		}
	}
	t.Logf("%d clients x %d messages (%d bytes) at %.3gx: equal", n, want.messages, want.bytes, speed)
}

// asOnTheWire adds the CR LF to each line of a recording of chat lines. The lines have it
// on the wire, but the file format cannot hold it.
func asOnTheWire(t *testing.T, file string) string {
	t.Helper()
	var out strings.Builder
	out.WriteString("#fantail 1\n")
	eachRecorded(t, file, func(m recording.Record) {
		fmt.Fprintf(&out, "%d\tb64t\t%s\n", m.Time, base64.StdEncoding.EncodeToString([]byte(string(m.Payload)+"\r\n")))
	})
	file = filepath.Join(t.TempDir(), filepath.Base(file))
	cmdtest.WriteFile(t, file, out.String())
	return file
}

// ownRecordings writes recordings of every kind that feeds are known to have:
// JSON with a burst and a snapshot of 700 kB, chat lines with CR LF, and binary.
func ownRecordings(t *testing.T) []string {
	dir, rnd := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	var market, chat, binary strings.Builder
	chat.WriteString("#fantail 1\n")
	binary.WriteString("#fantail 1\n")
	at := int64(1_700_000_000_000_000_000)
	for i := range 3000 {
		at += rnd.Int64N(1_000_000)
		fmt.Fprintf(&market, "%d\t{\"n\":%d,\"pad\":%q}\n", at, i, strings.Repeat("ü", rnd.IntN(100)))
		if i == 1500 {
			fmt.Fprintf(&market, "%d\t{\"snapshot\":%q}\n", at, strings.Repeat("0123456789", 70_000))
		}
	}
	for i := range 500 {
		at += rnd.Int64N(4_000_000)
		line := fmt.Sprintf(":nick%d!user PRIVMSG #room :hello\r\n:nick PRIVMSG #room :again\r\n", i)
		fmt.Fprintf(&chat, "%d\tb64t\t%s\n", at, base64.StdEncoding.EncodeToString([]byte(line)))
		blob := make([]byte, rnd.IntN(9000))
		for j := range blob {
			blob[j] = byte(rnd.Uint32())
		}
		fmt.Fprintf(&binary, "0\tb64\t%s\n", base64.StdEncoding.EncodeToString(blob))
	}
	var files []string
	for name, text := range map[string]string{"market-own.ndjson": market.String(), "chat-own.txt": chat.String(), "binary-own.txt": binary.String()} {
		file := filepath.Join(dir, name)
		cmdtest.WriteFile(t, file, text)
		files = append(files, file)
	}
	return files
}
