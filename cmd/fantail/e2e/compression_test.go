//go:build unix

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/feed/recording"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
	"fantail/hub/skiptest"
	"fantail/hub/websocket"
)

// TestCompressedRecordings relays recordings to clients with compression. They come at
// any time, take a part, go, and resume after their last message. No byte may be wrong.
// Judges that are not ours read along from the beginning, and others from the middle. If
// TEST_FEEDS names a folder, the test plays the recordings in it as well.
func TestCompressedRecordings(t *testing.T) {
	parallel(t)
	judges := compressionJudges(t)
	var messages, compressed atomic.Int64
	for _, file := range recordings(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			x := startCompressed(t, file)
			judged := x.judge(judges)
			x.comeAndGo(scale(40, 200), &messages)
			judged()
			compressed.Add(int64(x.relay.Metric("fantail_compression_saved_bytes_total")))
		})
	}
	if compressed.Load() == 0 {
		t.Error("nothing was saved: nobody was on the stream")
	}
	t.Logf("%d messages equal, %d bytes saved", messages.Load(), compressed.Load())
}

// compressionJudges returns the judges that this machine has. Each of them inflates.
func compressionJudges(t *testing.T) (present []judge) {
	for _, j := range judges() {
		t.Run("is there: "+j.name, func(t *testing.T) {
			if out, err := exec.Command(j.available[0], j.available[1:]...).CombinedOutput(); err != nil {
				skiptest.Skip(t, "REQUIRE_JUDGES", j.need(), "what %s inflates (%v %s)", j.name, err, tail(string(out), 200))
			}
			present = append(present, j)
		})
	}
	return present
}

// compressed is a relay whose source is a recording that has yet to begin.
type compressed struct {
	t        *testing.T
	relay    *servetest.Relay
	epoch    string
	recorded []hub.Input
	sum      string
	begin    func()
}

func startCompressed(t *testing.T, file string, env ...string) *compressed {
	t.Helper()
	x := &compressed{t: t}
	x.recorded, x.sum = readMessages(t, file)
	source := nettest.FreeAddr(t)
	env = append([]string{"FANTAIL_SOURCE_URL=ws://" + source + "/", "FANTAIL_RING_BYTES=256MiB", "FANTAIL_PING_INTERVAL=500ms", "FANTAIL_PONG_TIMEOUT=1m"}, env...)
	x.relay = servetest.Start(t, env...)
	probe := subscribeAll(t, 1, x.relay.Addr, "/ws")[0]
	probe.conn.Close()
	x.epoch, _, _ = strings.Cut(probe.position, "-")
	seconds := readRecording(t, file).seconds
	x.begin = sync.OnceFunc(func() {
		launch(t, "fantail", []string{"replay", file, "-listen", source, "-speed", fmt.Sprint(max(1, seconds/scale(3.0, 10.0)))})
	})
	return x
}

// readMessages returns a recording's messages, and the sum that judges make of them.
func readMessages(t *testing.T, file string) (all []hub.Input, sum string) {
	t.Helper()
	digest := sha256.New()
	eachRecorded(t, file, func(m recording.Record) {
		all = append(all, hub.Input{Kind: m.Kind, Payload: bytes.Clone(m.Payload)})
		kind := []byte{'t'}
		if m.Kind == hub.Binary {
			kind[0] = 'b'
		}
		digest.Write(binary.BigEndian.AppendUint64(kind, uint64(len(m.Payload))))
		digest.Write(m.Payload)
	})
	return all, fmt.Sprintf("%x", digest.Sum(nil))
}

func (x *compressed) url(scheme string, got int) string {
	return fmt.Sprintf("%s://%s/ws?since=%s-%d", scheme, x.relay.Addr, x.epoch, got)
}

// judge has each judge receive everything, once beside the recording from its
// beginning, and once from the middle on. wait returns when all have reported.
func (x *compressed) judge(judges []judge) (wait func()) {
	var wg sync.WaitGroup
	hearAll := func() {
		for _, j := range judges {
			s := hear(x.t, j, x.url("ws", 0), len(x.recorded), "leave")
			if v := s.next("open"); !strings.HasPrefix(v.Extensions, "permessage-deflate") {
				x.t.Errorf("%s: agreed on %q", j.name, v.Extensions)
			}
			wg.Go(func() { x.verdict(s) }) // ends with the test at the latest
		}
	}
	hearAll()
	x.begin()
	peertest.Eventually(x.t, "the recording is under way", func() bool { return x.relay.Metric("fantail_ring_messages") >= float64(len(x.recorded)/2) })
	hearAll()
	return wg.Wait
}

// verdict reads on until the judge reports the messages that it received.
func (x *compressed) verdict(s *hearing) {
	for s.lines.Scan() {
		switch line := s.lines.Text(); {
		case strings.Contains(line, `"received"`):
			if !strings.Contains(line, x.sum) {
				x.t.Errorf("%s: the messages are others than the recorded ones", s.judge.name)
			}
			return
		case !strings.Contains(line, `"pinged"`):
			x.t.Errorf("%s: %s", s.judge.name, line)
			return
		}
	}
	x.t.Errorf("%s ended early", s.judge.name)
}

// recordings are the tests' own, and those in the folder that TEST_FEEDS names.
func recordings(t *testing.T) []string {
	t.Helper()
	files := ownRecordings(t)
	if dir := os.Getenv("TEST_FEEDS"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*-*.*"))
		if err != nil || len(more) < 10 {
			t.Fatalf("TEST_FEEDS=%s holds %d recordings, %v; name the folder of the recorded feeds", dir, len(more), err)
		}
		files = append(files, more...)
	}
	return files
}

// comeAndGo has n clients of our own read the recording in parts.
func (x *compressed) comeAndGo(n int, messages *atomic.Int64) {
	x.begin()
	ctx, cancel := context.WithTimeout(x.t.Context(), 5*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	var cuts atomic.Int64
	for i := range n {
		rnd := rand.New(rand.NewPCG(uint64(i), uint64(len(x.recorded))))
		wg.Go(func() { // ends at the recording's end, or with ctx
			got := 0
			for got < len(x.recorded) {
				most := len(x.recorded)
				if rnd.IntN(4) > 0 {
					most = min(most, got+1+rnd.IntN(1+most/3))
				}
				var err error
				if got, err = x.part(ctx, got, most); err == nil {
					continue
				}
				cuts.Add(1)
				if _, wrong := x.cut(err, got); wrong != nil || ctx.Err() != nil {
					x.t.Errorf("client %d behind message %d: %v", i, got, err)
					return
				}
			}
			messages.Add(int64(got))
		})
	}
	wg.Wait()
	x.t.Logf("%d times a client was too late", cuts.Load())
}

// part connects after got messages and reads up to most of them.
func (x *compressed) part(ctx context.Context, got, most int) (int, error) {
	c, resp, err := websocket.Dial(ctx, x.url("http", got), websocket.DialOptions{Compress: true})
	if err != nil {
		return got, errors.Join(errDial, err)
	}
	defer c.CloseNow()
	if !strings.HasPrefix(resp.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate") {
		return got, errors.New("no compression")
	}
	c.SetReadLimit(64 << 20)
	return x.read(ctx, c, got, most)
}

var errDial = errors.New("no connection")

// cut judges the end of a connection after message got. A client that lacked the
// processor is evicted with the position to resume from, or reset if it is late even
// for that, or gets no connection. Any other end is wrong, above all one within a
// message.
func (x *compressed) cut(err error, got int) (told bool, wrong error) {
	var op *net.OpError
	code, reason, closed := websocket.CloseCode(err)
	switch want := fmt.Sprintf("slow; resume=%s-%d", x.epoch, got); {
	case closed && (code != 4408 || reason != want):
		return false, fmt.Errorf("%d %q, want 4408 %q", code, reason, want)
	case closed, errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, errDial):
		return closed, nil
	}
	return false, err
}

// read reads messages up to most and compares each.
func (x *compressed) read(ctx context.Context, c *websocket.Conn, got, most int) (int, error) {
	for ; got < most; got++ {
		kind, r, err := c.Reader(ctx)
		if err != nil {
			return got, err
		}
		p, err := io.ReadAll(r)
		if err != nil {
			return got, err
		}
		if want := x.recorded[got]; kind != want.Kind || !bytes.Equal(p, want.Payload) {
			return got, fmt.Errorf("%s of %d bytes, want %s of %d", kind, len(p), want.Kind, len(want.Payload))
		}
	}
	return got, nil
}

// TestCompressionInChromium has a browser inflate a recording: from the beginning,
// and while it runs.
func TestCompressionInChromium(t *testing.T) {
	b := openBrowser(t)
	type digest struct{ Extensions, SHA256 string }
	for _, file := range recordings(t) {
		x := startCompressed(t, file)
		b.do("open", "url", "http://"+x.relay.Addr+"/")
		time.AfterFunc(300*time.Millisecond, x.begin) // the browser is there, or comes while it runs
		got := ask[digest](b, "digest", "url", x.url("ws", 0), "messages", len(x.recorded))
		if got.SHA256 != x.sum || !strings.HasPrefix(got.Extensions, "permessage-deflate") {
			t.Errorf("%s: agreed on %q, the messages equal %v", filepath.Base(file), got.Extensions, got.SHA256 == x.sum)
		}
	}
}
