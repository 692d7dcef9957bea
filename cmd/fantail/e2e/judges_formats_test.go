//go:build unix

package e2e

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/feed/recording"
	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// formatJudge is a client that is not ours, and the feed that it reads: an address and a
// number of messages are to be filled in.
type formatJudge struct {
	judge
	url string
}

func formatJudges() []formatJudge {
	file := func(name string) string { return filepath.Join("testdata", "judges", name) }
	node, python := []string{"node", file("judge_formats.cjs")}, []string{"/usr/bin/python3", file("judge_formats.py")}
	const modules = "npm install ws eventsource, and set NODE_PATH to its node_modules"
	return []formatJudge{
		{judge{name: "ws of Node", command: node, available: []string{"node", "-e", "require('ws')"}, install: modules}, "ws://%s/ws?last=%d"},
		{judge{name: "eventsource of Node", command: node, available: []string{"node", "-e", "require('eventsource')"}, install: modules}, "http://%s/sse?last=%d"},
		{judge{name: "websockets of Python", command: python, available: []string{"/usr/bin/python3", "-c", "import websockets"}, install: "apt-get install python3-websockets"}, "ws://%s/ws?last=%d"},
		{judge{name: "curl", command: python, available: []string{"curl", "--version"}, install: "apt-get install curl"}, "http://%s/stream?last=%d"},
	}
}

// TestFormatJudges has clients that are not ours read recordings as envelopes,
// events and lines: they get every recorded message back, byte for byte. If TEST_FEEDS
// names a folder, the test plays the recordings in it as well.
func TestFormatJudges(t *testing.T) {
	parallel(t)
	files := ownRecordings(t)
	edges, _, _ := judgedRecording(t)
	files = append(files, edges)
	if dir := os.Getenv("TEST_FEEDS"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*-*.*"))
		if err != nil || len(more) < 10 {
			t.Fatalf("TEST_FEEDS=%s holds %d recordings, %v; name the folder of the recorded feeds", dir, len(more), err)
		}
		files = append(files, more...)
	}
	for _, j := range formatJudges() {
		t.Run(j.name, func(t *testing.T) {
			if out, err := exec.Command(j.available[0], j.available[1:]...).CombinedOutput(); err != nil {
				skiptest.Skip(t, "REQUIRE_JUDGES", j.need(), "what %s makes of the format (%v %s)", j.name, err, tail(string(out), 200))
			}
			for _, file := range files {
				t.Run(filepath.Base(file), func(t *testing.T) { judgeRecording(t, j, file) })
			}
		})
	}
}

// judgeRecording has a judge read a whole recording from a relay that holds it.
func judgeRecording(t *testing.T, j formatJudge, file string) {
	messages, sum := payloadSum(t, file)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=replay:"+file+"?speed=1000000", "FANTAIL_RING_BYTES=256MiB", "FANTAIL_RING_MESSAGES=131072")
	peertest.Eventually(t, "the recording is held", func() bool { return r.Metric("fantail_ring_messages") == float64(messages) })
	url := fmt.Sprintf(j.url, r.Addr, messages)
	if got := hear(t, j.judge, url, messages, "").next("received"); got.SHA256 != sum {
		t.Errorf("%d messages came back as %s, want %s", messages, got.SHA256, sum)
	}
}

// payloadSum returns the number of a recording's messages, and the SHA-256 over
// the length and bytes of each.
func payloadSum(t *testing.T, file string) (messages int, sum string) {
	t.Helper()
	digest := sha256.New()
	eachRecorded(t, file, func(m recording.Record) {
		digest.Write(binary.BigEndian.AppendUint64(nil, uint64(len(m.Payload))))
		digest.Write(m.Payload)
		messages++
	})
	return messages, fmt.Sprintf("%x", digest.Sum(nil))
}
