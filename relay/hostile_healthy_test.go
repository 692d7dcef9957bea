package relay

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
)

// healthy is a client that must not notice what happens beside it, and the feed that it
// watches: numbered messages that carry the time of their publication. The feed is
// never far ahead of its readers, so a busy machine makes the feed slower and no client
// slow.
type healthy struct {
	t     testing.TB
	hub   *hub.Hub
	peer  *peer
	pad   string
	stop  chan struct{} // closed by check
	seen  chan string   // from the reader at its end: what was wrong, empty for nothing
	worst time.Duration // from publication to arrival; the reader's until it ended

	goroutines, files int // before anybody misbehaved

	// guarded by mu, which is held to publish
	mu      sync.Mutex
	n       int             // messages published
	readers []*atomic.Int64 // how many of them each has got
	pause   time.Duration   // longest call of Publish
}

const (
	// healthyLatency bounds what the healthy client and the publisher may notice. It is
	// a little less than the ten seconds for which a client may stand still, because so
	// long a goroutine waits that waits for such a client.
	healthyLatency = 9 * time.Second

	// healthyLead is how many messages the feed may be ahead of its readers.
	healthyLead = 30
)

// watchHealthy has h publish a message of a size each interval, to a client of
// its own among others, until check. Before that it fills a flatHub's ring.
func watchHealthy(t testing.TB, h *hub.Hub, addr string, size int, every time.Duration) *healthy {
	t.Helper()
	publish(h, 0, flatHub.Ring.Messages, 200)
	w := &healthy{t: t, hub: h, peer: join(t, addr, "/ws"), pad: strings.Repeat("x", size), stop: make(chan struct{}), seen: make(chan string, 1)}
	w.peer.conn.SetDeadline(time.Now().Add(4 * peertest.Patience))
	peertest.Eventually(t, "the healthy client has joined", func() bool { return h.Clients() > 0 })
	w.peer.send(9, "up") // its reader answers: all that it costs is there
	w.peer.want(10, "up")
	w.goroutines, w.files = runtime.NumGoroutine(), openFiles(t)
	go w.publish(every)       // ended by check
	go w.read(w.waitForOne()) // ended by the last message, or the peer's deadline
	return w
}

// waitForOne makes the feed wait for one more reader, which stores how many messages it
// has got, and MaxInt64 at its end.
func (w *healthy) waitForOne() *atomic.Int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	got := new(atomic.Int64)
	got.Store(int64(w.n))
	w.readers = append(w.readers, got)
	return got
}

func (w *healthy) publish(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.mu.Lock()
			if w.leadLocked() < healthyLead {
				w.sayLocked(w.pad)
			}
			w.mu.Unlock()
		case <-w.stop:
			w.mu.Lock()
			w.sayLocked("end")
			w.mu.Unlock()
			return
		}
	}
}

func (w *healthy) leadLocked() int64 {
	slowest := int64(w.n)
	for _, got := range w.readers {
		slowest = min(slowest, got.Load())
	}
	return int64(w.n) - slowest
}

func (w *healthy) sayLocked(pad string) {
	began := time.Now()
	w.hub.Publish(hub.Input{Payload: fmt.Appendf(nil, "%d %d %s", w.n, began.UnixNano(), pad)})
	w.pause = max(w.pause, time.Since(began))
	w.n++
}

// published returns how many messages the feed has had.
func (w *healthy) published() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n
}

func (w *healthy) read(arrived *atomic.Int64) {
	defer arrived.Store(math.MaxInt64)
	for next := 0; ; next++ {
		op, got, err := w.peer.frame()
		for ; err == nil && op == 9; op, got, err = w.peer.frame() {
			w.peer.send(10, string(got))
		}
		var n int
		var sent int64
		if err == nil {
			_, err = fmt.Sscanf(string(got[:min(len(got), 60)]), "%d %d", &n, &sent)
		}
		if err != nil || op != 1 || n != next {
			w.seen <- fmt.Sprintf("instead of message %d: opcode %d, %.60q, %v", next, op, got, err)
			return
		}
		w.worst = max(w.worst, time.Since(time.Unix(0, sent)))
		arrived.Store(int64(next) + 1)
		if strings.HasSuffix(string(got), "end") {
			w.seen <- ""
			return
		}
	}
}

// accompany reads the feed as another client, to the end of its connection.
func (w *healthy) accompany(p *peer) {
	got := w.waitForOne()
	go func() { // ended by closing the connection
		defer got.Store(math.MaxInt64)
		_, first, err := p.frame()
		var n int64
		if _, bad := fmt.Sscanf(string(first[:min(len(first), 60)]), "%d ", &n); bad != nil {
			return
		}
		for ; err == nil; err = p.skip() {
			n++
			got.Store(n)
		}
	}()
}

// skip reads past a frame.
func (p *peer) skip() error {
	_, n, err := peertest.ReadHead(p.r)
	if err == nil {
		_, err = p.r.Discard(int(n))
	}
	return err
}

// check ends the feed. The client must have seen all of it, in order and in time.
// Afterwards the hostile clients are gone, and everything that they cost.
func (w *healthy) check() {
	w.t.Helper()
	close(w.stop)
	select {
	case wrong := <-w.seen:
		if wrong != "" {
			w.t.Errorf("the healthy client noticed: %s", wrong)
		} else if w.worst > healthyLatency {
			w.t.Errorf("the healthy client got a message %v late", w.worst)
		}
	case <-time.After(peertest.Patience):
		w.t.Error("the healthy client waits for the last message")
	}
	w.mu.Lock()
	pause := w.pause
	w.mu.Unlock()
	if pause > healthyLatency {
		w.t.Errorf("the publisher waited %v", pause)
	}
	peertest.Eventually(w.t, fmt.Sprintf("%d goroutines and %d files again", w.goroutines, w.files), func() bool {
		return runtime.NumGoroutine() <= w.goroutines && openFiles(w.t) <= w.files
	})
}

// openFiles returns how many files the process has open, where the system says.
func openFiles(t testing.TB) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// heap returns the bytes of live objects: the least that is left after one of some
// collections, beside which others allocate.
func heap() int64 {
	least := int64(math.MaxInt64)
	for range 5 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		least = min(least, int64(m.HeapAlloc))
	}
	return least
}
