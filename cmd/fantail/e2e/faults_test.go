//go:build unix

package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// ticks writes a recording of n numbered messages of a size, every apart.
func ticks(t *testing.T, n, size int, every time.Duration) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		text := fmt.Sprintf(`{"n":%d,"pad":"`, i)
		fmt.Fprintf(&b, "%d\t%s%s\"}\n", 1+int64(i)*int64(every), text, strings.Repeat("x", max(0, size-len(text)-2)))
	}
	file := filepath.Join(t.TempDir(), "ticks.ndjson")
	cmdtest.WriteFile(t, file, b.String())
	return file
}

// number returns the number in one of ticks' messages, -1 if it is none.
func number(payload []byte) (n int) {
	if _, err := fmt.Sscanf(string(payload), `{"n":%d`, &n); err != nil {
		return -1
	}
	return n
}

// The source is killed and comes back: no client loses its connection, the feed
// goes on, and the outage is counted in seconds and logged.
func TestSourceKilledAndBack(t *testing.T) {
	parallel(t)
	addr, file := nettest.FreeAddr(t), ticks(t, 1000, 100, 10*time.Millisecond)
	source := launch(t, "fantail", []string{"replay", file, "-loop", "-listen", addr})
	source.find(`(ws://)`)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=ws://"+addr+"/")
	clients := subscribeAll(t, scale(20, 1000), r.Addr, "/ws")
	var received atomic.Int64
	var wg sync.WaitGroup
	for _, c := range clients {
		wg.Go(func() { // ended by the test closing the connection
			c.readAll(func(byte, []byte) { received.Add(1) })
		})
	}
	flows := func(when string) {
		t.Helper()
		from := received.Load()
		peertest.Eventually(t, "messages flow "+when, func() bool { return received.Load() >= from+int64(3*len(clients)) })
	}
	flows("at first")
	source.signal(syscall.SIGKILL)
	<-source.ended
	away := scale(time.Second, 5*time.Second)
	peertest.Eventually(t, "the relay notices", func() bool { return r.Metric("fantail_feed_connected") == 0 })
	time.Sleep(away) // the outage itself
	if up := r.Metric("fantail_feed_connected"); up != 0 {
		t.Error("the source counts as connected while it is away")
	}
	launch(t, "fantail", []string{"replay", file, "-loop", "-listen", addr})
	flows("again")
	if s := r.Metric("fantail_feed_outage_seconds_total"); s < away.Seconds()*0.9 || s > 3*peertest.Patience.Seconds() {
		t.Errorf("outage of %v s counted, was %v at least", s, away)
	}
	if n := r.Metric("fantail_clients{transport=\"ws\"}"); n != float64(len(clients)) {
		t.Errorf("%v clients of %d kept their connection", n, len(clients))
	}
	r.Find(`(source is back after [0-9.]+)`)
	for _, c := range clients {
		c.conn.Close()
	}
	wg.Wait()
}

func init() { asClient = readForEver }

// readForEver is a client as a process, so that it can be stopped.
func readForEver(addr string) {
	s, err := openSubscriber(addr, "/ws", 4<<10)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("joined", s.conn.LocalAddr())
	s.readAll(nil)
}

// S1: a stopped client on a fast feed is evicted as slow within its bounds. On a quiet
// feed its silence gives it away. The others do not notice. They may lack the processor
// for some seconds too, so the bounds are wider than that.
func TestS1StoppedClient(t *testing.T) {
	parallel(t)
	for name, c := range map[string]struct {
		reason string
		every  time.Duration
		env    []string
	}{
		"fast feed":  {"slow", 4 * time.Millisecond, []string{"FANTAIL_QUEUE_MESSAGES=1500", "FANTAIL_STALL_TIMEOUT=1m"}},
		"stall":      {"slow", 4 * time.Millisecond, []string{"FANTAIL_STALL_TIMEOUT=5s"}},
		"quiet feed": {"silent", 200 * time.Millisecond, []string{"FANTAIL_PING_INTERVAL=500ms", "FANTAIL_PONG_TIMEOUT=5s"}},
	} {
		t.Run(name, func(t *testing.T) {
			if !full { // the healthy must not be slow for want of processors
				t.Parallel()
			}
			size := 2000
			if c.reason == "silent" {
				size = 50
			}
			file := ticks(t, 10_000/size*1000, size, c.every)
			r := servetest.Start(t, append(c.env, "FANTAIL_SOURCE_URL=replay:"+file+"?loop=1")...)
			stopped := launch(t, "client", []string{r.Addr})
			stopped.find(`joined (\S+)`)
			healthy := subscribeAll(t, scale(10, 50), r.Addr, "/ws")
			var wg sync.WaitGroup
			var lost atomic.Int64
			for _, h := range healthy {
				wg.Go(func() { // ended by the test closing the connection
					next := -1
					h.readAll(func(_ byte, p []byte) {
						n := number(p)
						if next >= 0 && n != next && n != 0 {
							lost.Add(1)
						}
						next = n + 1
					})
				})
			}
			stopped.signal(syscall.SIGSTOP)
			peertest.Eventually(t, "evicted as "+c.reason, func() bool {
				return r.Metric(`fantail_client_leaves_total{reason="`+c.reason+`"}`) == 1
			})
			if n := r.Metric("fantail_clients{transport=\"ws\"}"); n != float64(len(healthy)) {
				t.Errorf("%v clients are left, %d are healthy", n, len(healthy))
			}
			for _, h := range healthy {
				h.conn.Close()
			}
			wg.Wait()
			if lost.Load() > 0 {
				t.Errorf("healthy clients saw %d gaps", lost.Load())
			}
		})
	}
}

// A client that resumes 10,000 messages back, or lacks one message that is larger than its
// queue, is catching up, and the relay does not evict it.
func TestFarBehindIsNotSlow(t *testing.T) {
	parallel(t)
	const total = 12_000
	file := ticks(t, total, 200, time.Microsecond)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	big := fmt.Sprintf("%d\t{\"n\":%d,\"pad\":%q}\n", int64(total)*1000, total, strings.Repeat("y", 3<<20))
	cmdtest.WriteFile(t, file, string(b)+big)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=replay:"+file, "FANTAIL_QUEUE_MESSAGES=500", "FANTAIL_QUEUE_BYTES=100KiB")
	peertest.Eventually(t, "the recording is held", func() bool { return r.Metric("fantail_ring_messages") == total+1 })
	probe, err := openSubscriber(r.Addr, "/ws", 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	epoch, _, _ := strings.Cut(probe.position, "-")
	probe.conn.Close()
	c, err := openSubscriber(r.Addr, "/ws?since="+epoch+"-2000", 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	for want := 2000; want <= total; want++ {
		time.Sleep(time.Duration(want%50/49) * time.Millisecond) // it is slow about it: 10,000 in half a second at best
		p, err := c.message()
		if err != nil || number(p) != want {
			t.Fatalf("message %d: got %.40q, %v", want, p, err)
		}
	}
	if n := r.Metric(`fantail_client_leaves_total{reason="slow"}`); n != 0 {
		t.Errorf("%v clients evicted", n)
	}
}

// L1: on SIGTERM the relay is first not ready. Each client then gets its remaining messages
// and 1001 with its position, spread over the window. The exit code is 0 within the budget.
// A client notices only its own close frame.
func TestL1DrainOnSignal(t *testing.T) {
	parallel(t)
	n, window := scale(100, 1000), 4*time.Second
	r := startRelayProcess(t, demoFeed, "FANTAIL_DRAIN_DELAY=1s", "FANTAIL_DRAIN_WINDOW="+window.String())
	clients := subscribeAll(t, n, r.Addr, "/ws")
	type end struct {
		at      time.Time
		err     string
		resume  uint64
		lastGot uint64
	}
	ends := make([]end, n)
	var wg sync.WaitGroup
	for i, c := range clients {
		_, seq, _ := strings.Cut(c.position, "-")
		wg.Go(func() {
			var got uint64
			fmt.Sscan(seq, &got)
			closing, _ := c.readAll(func(byte, []byte) { got++ })
			ends[i] = end{at: time.Now(), lastGot: got}
			if len(closing) < 2 || binary.BigEndian.Uint16(closing) != 1001 {
				ends[i].err = fmt.Sprintf("closed with %q", closing)
				return
			}
			_, seq, _ := strings.Cut(string(closing[2:]), "draining; resume=")
			_, seq, _ = strings.Cut(seq, "-")
			fmt.Sscan(seq, &ends[i].resume)
		})
	}
	w := watchHealthy(t, r)
	began := time.Now()
	r.signal(syscall.SIGTERM)
	peertest.Eventually(t, "not ready", func() bool { return strings.Contains(r.Get("/readyz"), "draining") })
	if _, err := openSubscriber(r.Addr, "/ws", 4<<10); err != nil && time.Since(began) < 500*time.Millisecond {
		t.Errorf("refused during the delay: %v", err)
	}
	wg.Wait()
	if w.checkEnded(); !strings.HasPrefix(string(w.close), "\x03\xE9draining; resume=") { // 1001
		t.Errorf("the healthy client was closed with %q", w.close)
	}
	if code := r.exit(peertest.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(began); took > 3*(time.Second+window) { // TestDrain has the budget to the second
		t.Errorf("took %v, the budget is %v", took, time.Second+window)
	}
	first, last := ends[0].at, ends[0].at
	for i, e := range ends {
		if e.err != "" || e.resume != e.lastGot {
			t.Errorf("client %d: %s; told to resume at %d, has had all up to %d", i, e.err, e.resume, e.lastGot)
		}
		if e.at.Before(first) {
			first = e.at
		}
		if e.at.After(last) {
			last = e.at
		}
	}
	if spread := last.Sub(first); spread < window/4 { // evenly: TestDrain
		t.Errorf("the clients were closed within %v of a window of %v", spread, window)
	}
	if first.Sub(began) < 900*time.Millisecond {
		t.Errorf("the first client was closed %v after the signal, the delay is 1 s", first.Sub(began))
	}
}

// A second signal ends the relay at once, in a delay that outlasts all peertest.Patience.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	parallel(t)
	r := startRelayProcess(t, "FANTAIL_DRAIN_DELAY=5m")
	r.signal(syscall.SIGTERM)
	peertest.Eventually(t, "draining", func() bool { return strings.Contains(r.Text(), "draining") })
	r.signal(syscall.SIGTERM)
	if code := r.exit(peertest.Patience); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}
