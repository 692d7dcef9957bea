package relay

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fantail/hub"
)

// healthy is a client that must not notice what happens beside it, and the feed
// that it watches: numbered messages which carry the time they were published.
type healthy struct {
	t     testing.TB
	peer  *peer
	stop  chan struct{} // closed by check
	seen  chan string   // from the reader at its end: what was wrong, empty for nothing
	worst time.Duration // from publication to arrival; the reader's until it ended
	pause atomic.Int64  // longest call of Publish, ns

	goroutines, files int // before anybody misbehaved
}

// healthyLatency bounds what the healthy client may notice. It is generous: the
// race detector and the tests' own load share the processors.
const healthyLatency = 5 * time.Second

// watchHealthy has h publish a message of a size each interval, to a client of
// its own among others, until check.
func watchHealthy(t testing.TB, h *hub.Hub, addr string, size int, every time.Duration) *healthy {
	t.Helper()
	w := &healthy{t: t, peer: join(t, addr, "/ws"), stop: make(chan struct{}), seen: make(chan string, 1)}
	w.peer.conn.SetDeadline(time.Now().Add(2 * time.Minute))
	eventually(t, "the healthy client has joined", func() bool { return h.Clients() > 0 })
	w.peer.send(9, "up") // its reader answers: all that it costs is there
	w.peer.want(10, "up")
	w.goroutines, w.files = runtime.NumGoroutine(), openFiles(t)
	go w.publish(h, size, every) // ended by check
	go w.read()                  // ended by the last message, or the peer's deadline
	return w
}

func (w *healthy) publish(h *hub.Hub, size int, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	pad := strings.Repeat("x", size)
	for n := 0; ; n++ {
		select {
		case <-tick.C:
			began := time.Now()
			h.Publish(hub.Input{Payload: fmt.Appendf(nil, "%d %d %s", n, began.UnixNano(), pad)})
			w.pause.Store(max(w.pause.Load(), int64(time.Since(began))))
		case <-w.stop:
			h.Publish(hub.Input{Payload: fmt.Appendf(nil, "%d %d end", n, time.Now().UnixNano())})
			return
		}
	}
}

func (w *healthy) read() {
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
		if strings.HasSuffix(string(got), "end") {
			w.seen <- ""
			return
		}
	}
}

// check ends the feed and holds the client to having seen all of it, in order
// and in time. Then whoever misbehaved is gone, and so is all that he cost.
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
	case <-time.After(30 * time.Second):
		w.t.Error("the healthy client waits for the last message")
	}
	if pause := time.Duration(w.pause.Load()); pause > healthyLatency/5 {
		w.t.Errorf("the publisher waited %v", pause)
	}
	eventually(w.t, fmt.Sprintf("%d goroutines and %d files again", w.goroutines, w.files), func() bool {
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

// heap returns the bytes of live objects after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
