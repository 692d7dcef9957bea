//go:build unix

package e2e

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
)

// dribble connects n times. It sends the bytes of next at each tick on each connection,
// and returns the lifetime of each connection.
func dribble(t *testing.T, addr string, n int, next func(tick int) string) []time.Duration {
	t.Helper()
	lasted := make([]time.Duration, n)
	var wg sync.WaitGroup
	for i := range lasted {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Error(err)
			continue
		}
		began := time.Now()
		ended := make(chan struct{})
		wg.Go(func() { // ends when the relay closes
			defer close(ended)
			io.Copy(io.Discard, c)
			lasted[i] = time.Since(began)
		})
		wg.Go(func() { // ends with the one above
			defer c.Close()
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-tick.C:
					io.WriteString(c, next(n))
				case <-ended:
					return
				}
			}
		})
	}
	wg.Wait()
	return lasted
}

// checkLasted holds sockets to 6 s. They are measured beside each other, so the
// best of them has to keep to it. The others may take longer on a busy machine.
func checkLasted(t *testing.T, name string, lasted []time.Duration) {
	t.Helper()
	if best, worst := slices.Min(lasted), slices.Max(lasted); best > 6*time.Second || worst > 30*time.Second {
		t.Errorf("%s: the sockets lasted %v to %v", name, best, worst)
	}
}

// H1: hundreds of sockets whose headers never end are closed within 6 s each, and
// a new client is served meanwhile. So are those that say nothing at all, speak
// half of a TLS handshake, or wait after an answer.
func TestH1Dribblers(t *testing.T) {
	parallel(t)
	r := startRelayProcess(t, demoFeed)
	w := watchHealthy(t, r)
	before := r.footprint()
	cases := map[string]func(tick int) string{
		"headers": func(tick int) string {
			if tick == 0 {
				return "GET /ws HTTP/1.1\r\nHost: x\r\n"
			}
			return fmt.Sprintf("X-%d: y\r\n", tick)
		},
		"a byte a time": func(int) string { return "G" },
		"silent":        func(int) string { return "" },
		"idle behind an answer": func(tick int) string {
			return [...]string{"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", ""}[min(tick, 1)]
		},
	}
	served := make(chan error, 1)
	stop := make(chan struct{})
	go func() { served <- joinEveryNow(r.Addr, stop) }()
	var wg sync.WaitGroup
	for name, next := range cases {
		wg.Go(func() {
			checkLasted(t, name, dribble(t, r.Addr, scale(50, 500)/len(cases)*2, next))
		})
	}
	wg.Wait()
	close(stop)
	if err := <-served; err != nil {
		t.Error("a new client meanwhile:", err)
	}
	r.returnsTo(before, scale(4.0, 16.0)*(1<<20)) // spans that buffers of so many sockets once lay in
	w.check()
}

// joinEveryNow joins and leaves until stop, and returns an error if that fails, or
// takes a second more often than not.
func joinEveryNow(addr string, stop chan struct{}) error {
	var took []time.Duration
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			slices.Sort(took)
			if n := len(took); n > 0 && took[n/2] > time.Second {
				return fmt.Errorf("took %v, the median of %d", took[n/2], n)
			}
			return nil
		case <-tick.C:
		}
		began := time.Now()
		s, err := openSubscriber(addr, "/ws", 4<<10)
		if err != nil {
			return err
		}
		s.conn.Close()
		took = append(took, time.Since(began))
	}
}

// H1 with TLS: a handshake that stops half-way is closed as soon.
func TestH1SlowTLSHandshake(t *testing.T) {
	parallel(t)
	cert, key := cmdtest.SelfSigned(t, t.TempDir())
	r := servetest.Start(t, demoFeed, "FANTAIL_TLS_CERT="+cert, "FANTAIL_TLS_KEY="+key)
	hello := "\x16\x03\x01\x00\x2e\x01\x00\x00\x2a\x03\x03" // a ClientHello's first bytes
	checkLasted(t, "half a handshake", dribble(t, r.Addr, 20, func(tick int) string { return hello[min(tick, len(hello)-1):min(tick+1, len(hello))] }))
	c, err := tls.Dial("tcp", r.Addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != 200 {
		t.Errorf("%v, %v", resp, err)
	}
}

// H4: headers beyond their bound are refused while they come, and cost hardly any time.
func TestH4OversizedHeaders(t *testing.T) {
	parallel(t)
	r := startRelayProcess(t, demoFeed)
	w := watchHealthy(t, r)
	before, busy := r.footprint(), r.Metric("process_cpu_seconds_total")
	cookie := "Cookie: " + strings.Repeat("c", 1<<20) + "\r\n"
	many := strings.Repeat("X-Forwarded-For: 127.0.0.1\r\n", 40_000)
	tokens := "Sec-WebSocket-Extensions: " + strings.Repeat("permessage-deflate; x, ", 10_000) + "y\r\n"
	for name, lines := range map[string]string{"cookie": cookie, "lines": many, "10,000 extensions": tokens, "a line": strings.Repeat("x", 1<<20)} {
		for range 20 {
			c, err := net.Dial("tcp", r.Addr)
			if err != nil {
				t.Fatal(err)
			}
			go io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\n"+lines+"\r\n") // ends with the connection
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err == nil && resp.StatusCode != 431 && resp.StatusCode != 400 {
				t.Errorf("%s: %s", name, resp.Status)
			}
			c.Close()
		}
	}
	if took := r.Metric("process_cpu_seconds_total") - busy; took > scale(3.0, 1.0) {
		t.Errorf("80 oversized requests took %.2f s of processor time", took)
	}
	r.returnsTo(before, 4<<20)
	w.check()
}
