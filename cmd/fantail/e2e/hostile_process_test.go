//go:build unix

package e2e

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// L2: the relay is killed and started again. Every client comes back with a position of
// the run before, is told that the position is gone, and is served from the oldest
// message.
func TestL2KilledAndRestarted(t *testing.T) {
	parallel(t)
	n, addr := scale(300, 5000), nettest.FreeAddr(t)
	first := startRelayProcess(t, demoFeed, "FANTAIL_LISTEN="+addr)
	clients := subscribeAll(t, n, addr, "/ws")
	first.signal(syscall.SIGKILL)
	<-first.ended
	second := startRelayProcess(t, demoFeed, "FANTAIL_LISTEN="+addr)
	before := second.footprint()
	w := watchHealthy(t, second)
	began := time.Now()
	var wg sync.WaitGroup
	for _, c := range clients {
		wg.Go(func() {
			if err := comeBack(addr, c.position); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d clients were back and served within %v", n, time.Since(began))
	peertest.Eventually(t, "all of them counted", func() bool { return second.Metric(`fantail_client_leaves_total{reason="gone"}`) == float64(n) })
	w.check()
	second.returnsTo(before, 8<<20)
}

// comeBack resumes with a position that is gone, and then where the relay says.
func comeBack(addr, position string) error {
	s, err := openSubscriber(addr, "/ws?since="+position, 4<<10)
	if err != nil {
		return err
	}
	var messages int
	closing, _ := s.readAll(func(byte, []byte) { messages++ })
	s.conn.Close()
	oldest, ok := strings.CutPrefix(string(closing), "\x11\x3Agone; oldest=") // 4410
	if !ok || messages > 0 {
		return fmt.Errorf("%d messages, closed with %q, want 4410 alone", messages, closing)
	}
	if s, err = openSubscriber(addr, "/ws?since="+oldest, 4<<10); err != nil {
		return err
	}
	defer s.conn.Close()
	for want := 1; want <= 3; want++ {
		_, message, err := s.frame()
		if n, _, bad := demoNumber(message); err != nil || bad != nil || n != want {
			return fmt.Errorf("instead of message %d: %.80q, %v", want, message, err)
		}
	}
	return nil
}

// L3: file descriptors run out. The present clients notice nothing, the log tells it once,
// and accepting goes on by itself when a descriptor is free.
func TestL3DescriptorsRunOut(t *testing.T) {
	parallel(t)
	r := startRelayUnder(t, []string{"sh", "-c", `ulimit -n 200; exec "$0" "$@"`}, demoFeed)
	before := r.footprint()
	w := watchHealthy(t, r)
	others := subscribeAll(t, 50, r.Addr, "/ws")
	var wg sync.WaitGroup
	for _, o := range others {
		wg.Go(func() { o.readAll(nil) }) // ended by closing the connection below
	}
	idle := make([]net.Conn, 300)
	for round := range 3 {
		for i := range idle {
			c, err := net.Dial("tcp", r.Addr)
			if err != nil {
				t.Fatal(err)
			}
			idle[i] = c
		}
		const told = "no file descriptor is free"
		peertest.Eventually(t, "the operator is told", func() bool { return strings.Contains(r.Text(), told) })
		from, _ := w.seen()
		peertest.Eventually(t, "the feed goes on", func() bool { last, _ := w.seen(); return last > from+20 })
		for _, c := range idle {
			c.Close()
		}
		s, err := openSubscriber(r.Addr, "/ws", 4<<10)
		if err != nil {
			t.Fatalf("round %d, a new client afterwards: %v", round, err)
		}
		s.conn.Close()
		if n := strings.Count(r.Text(), told); n != 1 {
			t.Errorf("the operator was told %d times", n)
		}
	}
	if n := r.Metric(`fantail_clients{transport="ws"}`); n < float64(len(others)+1) {
		t.Errorf("%v clients are left of %d", n, len(others)+1)
	}
	for _, o := range others {
		o.conn.Close()
	}
	wg.Wait()
	w.check()
	r.returnsTo(before, 4<<20)
}
