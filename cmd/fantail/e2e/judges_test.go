//go:build unix

package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// judge is a WebSocket client that is not ours.
type judge struct {
	name      string
	command   []string // URL, number of messages and mode are to follow
	available []string // exits with 0 if the judge can be heard on this machine
	install   string
	pings     bool   // it tells of pings
	violation int    // the close code that its violation is answered with
	word      string // and the reason's first word
}

// need says how to get the judge.
func (j judge) need() string { return j.name + " (" + j.install + ")" }

// judges holds the Python ones by the system's interpreter, where Debian's
// packages are.
func judges() []judge {
	file := func(name string) string { return filepath.Join("testdata", "judges", name) }
	const python = "/usr/bin/python3"
	return []judge{
		{"ws of Node", []string{"node", file("judge_ws.cjs")}, []string{"node", "-e", "require('ws')"},
			"npm install ws, and set NODE_PATH to its node_modules", true, 1008, "uplink"},
		{"websockets of Python", []string{python, file("judge_websockets.py")}, []string{python, "-c", "import websockets"},
			"apt-get install python3-websockets", false, 1008, "uplink"},
		{"wsproto of Python", []string{python, file("judge_wsproto.py")}, []string{python, "-c", "import wsproto"},
			"apt-get install python3-wsproto", true, 1002, "protocol"},
	}
}

// TestJudges has clients that are not ours judge the relay's bytes on the wire:
// every message byte for byte, pings that they answer, an offer of compression
// taken up, and the close codes of a violation and of a drain.
func TestJudges(t *testing.T) {
	parallel(t)
	var present []judge
	for _, j := range judges() {
		t.Run("is there: "+j.name, func(t *testing.T) {
			if out, err := exec.Command(j.available[0], j.available[1:]...).CombinedOutput(); err != nil {
				skiptest.Skip(t, "REQUIRE_JUDGES", j.need(), "what %s makes of the wire (%v %s)", j.name, err, tail(string(out), 200))
			}
			present = append(present, j)
		})
	}
	file, messages, sum := judgedRecording(t)
	r, stop := servetest.StartAndStop(t, "FANTAIL_SOURCE_URL=replay:"+file, "FANTAIL_PING_INTERVAL=200ms", "FANTAIL_PONG_TIMEOUT=30s", "FANTAIL_DRAIN_WINDOW=4s")
	peertest.Eventually(t, "the recording is held", func() bool { return r.Metric("fantail_ring_messages") == float64(messages) })
	probe := subscribeAll(t, 1, r.Addr, "/ws")[0]
	probe.conn.Close()
	epoch, _, _ := strings.Cut(probe.position, "-")
	url := "ws://" + r.Addr + "/ws?since=" + epoch + "-0"
	resume := "; resume=" + epoch + "-" + strconv.Itoa(messages)

	var staying []*hearing
	for _, j := range present {
		violating, stays := hear(t, j, url, messages, "violate"), hear(t, j, url, messages, "stay")
		violating.received(epoch, sum)
		violating.closed(j.violation, j.word+resume)
		stays.received(epoch, sum)
		staying = append(staying, stays)
	}
	for _, s := range staying {
		if s.judge.pings {
			s.next("pinged")
		}
	}
	silent := r.Metric(`fantail_client_leaves_total{reason="silent"}`)
	if n := r.Metric(`fantail_clients{transport="ws"}`); silent > 0 || n != float64(len(staying)) {
		t.Errorf("%v judges of %d are there, %v did not answer pings", n, len(staying), silent)
	}
	stop()
	for _, s := range staying {
		s.closed(1001, "draining"+resume)
	}
}

// judgedRecording writes a recording of messages at the edges of the framing. It
// returns their number and the sum that a judge comes to.
func judgedRecording(t *testing.T) (file string, messages int, sum string) {
	t.Helper()
	all := []string{"tplain", "tcr lf\r\nand more\r\n", "t", "b", "b\x00\xFF\xFE", "tgr\u00FC\u00DFe \U0001F426"}
	for _, n := range []int{125, 126, 65535, 65536, 700_000} {
		all = append(all, "t"+strings.Repeat("0123456789", n/10+1)[:n], "b"+strings.Repeat("\x00\xFF\x80", n/3+1)[:n])
	}
	var lines strings.Builder
	lines.WriteString("#fantail 1\n")
	digest := sha256.New()
	for _, message := range all {
		kind, payload := message[:1], message[1:]
		form := map[string]string{"t": "b64t", "b": "b64"}[kind]
		fmt.Fprintf(&lines, "0\t%s\t%s\n", form, base64.StdEncoding.EncodeToString([]byte(payload)))
		digest.Write(binary.BigEndian.AppendUint64([]byte(kind), uint64(len(payload))))
		digest.Write([]byte(payload))
	}
	file = filepath.Join(t.TempDir(), "judged.ndjson")
	cmdtest.WriteFile(t, file, lines.String())
	return file, len(all), fmt.Sprintf("%x", digest.Sum(nil))
}

// hearing is a judge at work.
type hearing struct {
	t      *testing.T
	judge  judge
	lines  *bufio.Scanner
	pinged bool // it has told of pings, which may come between any two lines
}

// verdict is a line of a judge's.
type verdict struct {
	Event, Extensions, Position, SHA256, Reason string
	Code                                        int
}

// hear starts a judge, which ends with the connection, or with the test.
func hear(t *testing.T, j judge, url string, messages int, mode string) *hearing {
	t.Helper()
	args := slices.Concat(j.command[1:], []string{url, strconv.Itoa(messages), mode})
	cmd := exec.CommandContext(t.Context(), j.command[0], args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Wait() }) // t.Context is done by then
	return &hearing{t: t, judge: j, lines: bufio.NewScanner(out)}
}

// next reads the next line but for pings, which has to be of the given event.
func (s *hearing) next(event string) (v verdict) {
	s.t.Helper()
	for event != "pinged" || !s.pinged {
		if !s.lines.Scan() {
			s.t.Fatalf("%s: ended before it told of %q", s.judge.name, event)
		}
		v = verdict{}
		err := json.Unmarshal(s.lines.Bytes(), &v)
		s.pinged = s.pinged || v.Event == "pinged"
		switch {
		case err == nil && v.Event == event:
			return v
		case v.Event != "pinged":
			s.t.Fatalf("%s: instead of %q it told %s %v", s.judge.name, event, s.lines.Bytes(), err)
		}
	}
	return v
}

// received checks the handshake and the messages.
func (s *hearing) received(epoch, sum string) {
	s.t.Helper()
	if v := s.next("open"); !strings.HasPrefix(v.Extensions, "permessage-deflate") || v.Position != epoch+"-0" {
		s.t.Errorf("%s: agreed on %q, begins at %q", s.judge.name, v.Extensions, v.Position)
	}
	if v := s.next("received"); v.SHA256 != sum {
		s.t.Errorf("%s: the messages are others than the recorded ones", s.judge.name)
	}
}

func (s *hearing) closed(code int, reason string) {
	s.t.Helper()
	if v := s.next("closed"); v.Code != code || v.Reason != reason {
		s.t.Errorf("%s: closed with %d %q, want %d %q", s.judge.name, v.Code, v.Reason, code, reason)
	}
}
