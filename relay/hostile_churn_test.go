package relay

import (
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"fantail/hub/peertest"
)

// L4: an hour's churn: tens of thousands of clients join and leave in every way
// there is, and nothing is left of them.
func TestL4Churn(t *testing.T) {
	total := 5000
	if os.Getenv("FULL") != "" {
		total = 50_000
	}
	_, h, addr := newTestRelay(t, flatHub, Config{Limits: Limits{ClientsPerIP: 100}})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	before := heap()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var wg sync.WaitGroup
	for i := range uint64(8) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, i))
			for range total / 8 {
				peertest.Soon(func() bool { return h.Clients() < 50 }) // clients that left may not have been noticed yet
				joinAndLeave(t, addr, r)
			}
		})
	}
	wg.Wait()
	peertest.Eventually(t, "all have joined", func() bool { return h.Stats().Joins == uint64(total)+1 })
	peertest.Eventually(t, "all have left", func() bool { return h.Clients() == 1 })
	w.check()
	if grown := heap() - before; grown > 2<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// joinAndLeave is a client's short life. Most ends are resets, so that the
// machine's ports last.
func joinAndLeave(t *testing.T, addr string, r *rand.Rand) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	c.(*net.TCPConn).SetLinger(0)
	p := upgrade(t, c, "GET /ws HTTP/1.1\r\nHost: x\r\n"+handshake+"\r\n")
	if p.status != 101 {
		t.Errorf("%d %s", p.status, p.body)
	}
	switch r.IntN(5) {
	case 0: // orderly
		p.send(8, "\x03\xE8")
		p.drink()
	case 1: // the sending half only
		c.(*net.TCPConn).CloseWrite()
		p.drink()
	case 2: // in the middle of a frame
		p.raw(peertest.ClientFrame(0x89, "half")[:7])
	case 3: // breaking the protocol, without waiting for the answer
		p.raw([]byte("GET / HTTP/1.1\r\n\r\n"))
	}
}
