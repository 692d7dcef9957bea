//go:build unix

package e2e

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestRefusedHandshakesCostNoMore: refused handshakes disturb live clients no more than
// as many handshakes that are accepted and closed, in alternating rounds of one run. At
// the reduced scale the figures are printed and not compared: so few deliveries tell
// little of a 99th percentile.
func TestRefusedHandshakesCostNoMore(t *testing.T) {
	parallel(t)
	n, perSecond := scale(100, 1000), scale(100, 500)
	round, rounds := scale(time.Second, 3*time.Second), scale(2, 15)
	r := startRelayProcess(t, demoFeed)
	w := watchHealthy(t, r)
	var now atomic.Pointer[latencies]
	now.Store(new(latencies))
	clients := subscribeAll(t, n, r.Addr, "/ws")
	var reading sync.WaitGroup
	for i, c := range clients {
		reading.Go(func() { // ended by closing the connection below
			if i%20 == 0 { // a sample, so that the figures do not show the test's own work
				c.readAll(func(_ byte, message []byte) { now.Load().note(message) })
			}
			io.Copy(io.Discard, c.conn)
		})
	}
	kinds := [...]struct {
		name  string
		lines string
		p99   []time.Duration
	}{{name: "refused", lines: "Origin: https://evil.example\r\n"}, {name: "accepted"}}
	for range rounds {
		for i := range kinds {
			l := new(latencies)
			now.Store(l)
			knock(t, r.Addr, kinds[i].lines, perSecond, round)
			kinds[i].p99 = append(kinds[i].p99, l.percentile99())
		}
	}
	for _, k := range kinds {
		slices.Sort(k.p99)
		t.Logf("%d clients beside %d handshakes/s %s: p99 latency %v (median of %d rounds; all: %v)", n, perSecond, k.name, k.p99[rounds/2], rounds, k.p99)
	}
	ratio := float64(kinds[0].p99[rounds/2]) / float64(kinds[1].p99[rounds/2])
	t.Logf("refused to accepted: %.2f", ratio)
	if full && ratio > 1.2 {
		t.Errorf("refused handshakes cost the live clients %.2f times what accepted ones do", ratio)
	}
	if k := r.Metric(`fantail_handshakes_refused_total{reason="origin"}`); k < float64(perSecond)*round.Seconds()*float64(rounds)/2 {
		t.Errorf("only %v handshakes were refused", k)
	}
	w.check()
	for _, c := range clients {
		c.conn.Close()
	}
	reading.Wait()
}

// latencies are those of one round.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) note(message []byte) {
	now := time.Now()
	if _, made, err := demoNumber(message); err == nil {
		l.mu.Lock()
		l.all = append(l.all, now.Sub(made))
		l.mu.Unlock()
	}
}

// percentile99 returns the latency that 99 of 100 deliveries were within.
func (l *latencies) percentile99() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return 0
	}
	slices.Sort(l.all)
	return l.all[len(l.all)*99/100]
}

// knock does a number of handshakes a second, and closes each as soon as it is answered.
func knock(t *testing.T, addr, lines string, perSecond int, long time.Duration) {
	var wg sync.WaitGroup
	turns := make(chan struct{}) // closed below
	for range 16 {
		wg.Go(func() {
			answer := make([]byte, 12) // HTTP/1.1 and the status
			for range turns {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					continue
				}
				c.(*net.TCPConn).SetLinger(0) // the machine's ports have to last
				shakeHands(c, lines)
				if _, err := io.ReadFull(c, answer); err != nil {
					t.Error(fmt.Errorf("a handshake that is not answered: %w", err))
				}
				c.Close()
			}
		})
	}
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for range int(long.Seconds() * float64(perSecond)) {
		<-tick.C
		turns <- struct{}{}
	}
	close(turns)
	wg.Wait()
}
