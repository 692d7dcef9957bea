//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"fantail/hub/peertest"
)

// demoFeed is the source of the hostile tests: its messages are numbered and
// carry the time they were made.
const demoFeed = "FANTAIL_SOURCE_URL=demo:?rate=100"

// healthy is a client of a relay in a process of its own, fed by demoFeed. It must not
// notice the acts of others on the relay.
type healthy struct {
	t     testing.TB
	relay *relayProcess
	conn  *subscriber
	ended chan struct{} // closed by the reader when its connection ended
	close []byte        // payload of the relay's close frame; valid once ended is closed

	// guarded by mu
	mu    sync.Mutex
	last  int             // number of the last message
	wrong string          // the first thing that was
	late  []time.Duration // from each message's making to its arrival
}

// Bounds on the latency that the healthy client may see: for nine messages in ten, and
// for the worst. It is generous: the race detector and the tests' own load share the
// processors, none of the three processes on a message's way need run for a second or
// two, and at full scale thousands of hostile clients share them too.
var (
	healthyLatency = scale(3*time.Second, 10*time.Second)
	worstLatency   = 10 * time.Second
)

// watchHealthy has a client watch the relay until check.
func watchHealthy(t testing.TB, r *relayProcess) *healthy {
	t.Helper()
	w := &healthy{t: t, relay: r, conn: subscribeAll(t, 1, r.Addr, "/ws")[0], ended: make(chan struct{})}
	go func() { // ended by check, or the end of the test, which closes the connection
		defer close(w.ended)
		w.close, _ = w.conn.readAll(w.note)
	}()
	return w
}

func (w *healthy) note(_ byte, message []byte) {
	now := time.Now()
	n, made, err := demoNumber(message)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wrong == "" && (err != nil || w.last > 0 && n != w.last+1) {
		w.wrong = fmt.Sprintf("behind message %d: %.80q", w.last, message)
	}
	w.last = n
	w.late = append(w.late, now.Sub(made))
}

// demoNumber reads the number and the time of one of demoFeed's messages.
func demoNumber(message []byte) (n int, made time.Time, err error) {
	var ns int64
	_, err = fmt.Sscanf(string(message[:min(len(message), 80)]), `{"demo":true,"t":%d,"seq":%d`, &ns, &n)
	return n, time.Unix(0, ns), err
}

func (w *healthy) seen() (last int, wrong string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last, w.wrong
}

// check holds the client to having seen everything up to now, in order and in
// time, and ends it.
func (w *healthy) check() {
	w.t.Helper()
	head := int(w.relay.Metric("fantail_feed_messages_total"))
	peertest.Eventually(w.t, fmt.Sprintf("the healthy client sees message %d", head), func() bool {
		last, wrong := w.seen()
		return wrong != "" || last >= head
	})
	w.conn.conn.Close()
	w.checkEnded()
}

// checkEnded waits for the connection's end and holds the client to having seen
// everything up to there, in order and in time.
func (w *healthy) checkEnded() {
	w.t.Helper()
	<-w.ended
	if w.wrong != "" {
		w.t.Errorf("the healthy client noticed: %s", w.wrong)
	}
	checkLate(w.t, w.late)
}

// checkLate compares the latencies of the healthy client with their bounds.
func checkLate(t testing.TB, late []time.Duration) {
	t.Helper()
	n := len(late)
	if n == 0 {
		return
	}
	slices.Sort(late)
	most, worst := late[n*9/10], late[n-1]
	t.Logf("the healthy client's %d messages were %v late at most, 9 of 10 at most %v", n, worst, most)
	if most > healthyLatency || worst > worstLatency {
		t.Errorf("the healthy client got one message in ten %v late, and the worst %v", most, worst)
	}
}

// footprint counts the resources that a relay's process holds. The heap is that beside the
// ring, which goes on filling for as long as a test takes.
type footprint struct{ clients, goroutines, files, heap float64 }

// besideBytes is what the ring holds of a message beside its bytes: a hub.Message, and what
// is rounded up.
const besideBytes = 192

// footprint asks the admin listener, after a collection.
func (r *relayProcess) footprint() footprint {
	r.t.Helper()
	r.Get("/debug/pprof/heap?gc=1")
	return footprint{
		clients:    r.Metric(`fantail_clients{transport="ws"}`),
		goroutines: r.Metric("go_goroutines"),
		files:      r.Metric("process_open_fds"),
		heap:       r.Metric("go_memstats_heap_alloc_bytes") - r.Metric("fantail_ring_bytes") - besideBytes*r.Metric("fantail_ring_messages"),
	}
}

// returnsTo waits until the relay holds no more than it did, but for a little
// heap, since pools keep a buffer or two.
func (r *relayProcess) returnsTo(before footprint, heap float64) {
	r.t.Helper()
	var now footprint
	peertest.Eventually(r.t, "clients, goroutines and files as before", func() bool {
		now = r.footprint()
		return now.clients <= before.clients && now.goroutines <= before.goroutines+1 && now.files <= before.files // a scrape more or less
	})
	if now.heap > before.heap+heap {
		r.t.Errorf("the heap has grown from %.0f to %.0f bytes", before.heap, now.heap)
	}
}
