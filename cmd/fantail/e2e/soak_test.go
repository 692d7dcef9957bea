//go:build unix

package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fantail/hub/peertest"
)

// TestSoak: thousands of clients, a fifth of which misbehave at random and come
// back when they were thrown out, while a feed runs. The others miss nothing, and
// afterwards the relay holds what it held before. SOAK_SEED repeats a run.
func TestSoak(t *testing.T) {
	parallelUnlessRaced(t)
	n, long := scale(500, 5000), scale(10*time.Second, 2*time.Minute)
	seed := rand.Uint64()
	if text := os.Getenv("SOAK_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SOAK_SEED: %v", err)
		}
	}
	t.Logf("SOAK_SEED=%d", seed)
	// A ring that holds a burst of the feed for as long as this machine may be busy.
	r := startRelayProcess(t, "FANTAIL_SOURCE_URL=demo:?rate=5", "FANTAIL_RING_MESSAGES=4000", "FANTAIL_STALL_TIMEOUT=5s",
		"FANTAIL_PING_INTERVAL=10s", "FANTAIL_PONG_TIMEOUT=30s")
	before := r.footprint()
	w := watchHealthy(t, r)

	var quiet sync.WaitGroup
	var missed atomic.Int64
	idle := subscribeAll(t, n-n/5, r.Addr, "/ws")
	for _, c := range idle {
		quiet.Go(func() { // ended by closing the connection below
			last := 0
			c.readAll(func(_ byte, message []byte) {
				got, _, err := demoNumber(message)
				if err != nil || last > 0 && got != last+1 {
					missed.Add(1)
				}
				last = got
			})
		})
	}
	// The hostile clients are many and have their own process, so that they do not take
	// the processor of the clients that behave.
	hostile := launch(t, "hostile", []string{r.Addr, strconv.Itoa(n / 5), strconv.FormatUint(seed, 10), long.String()})
	if code := hostile.exit(long + time.Minute); code != 0 {
		t.Fatalf("the hostile clients ended with %d", code)
	}
	head := int64(r.Metric("fantail_feed_messages_total"))
	if clients := r.Metric(`fantail_clients{transport="ws"}`); clients < float64(len(idle)+1) {
		t.Errorf("%v clients are left, %d behaved", clients, len(idle)+1)
	}
	for _, line := range regexp.MustCompile(`(?m)^fantail_(client_leaves_total|handshakes_refused_total|publish_to_write_seconds).* [0-9.]*[1-9].*$`).FindAllString(r.Get("/metrics"), -1) {
		t.Log(line)
	}
	w.check()
	for _, c := range idle {
		c.conn.Close()
	}
	quiet.Wait()
	if missed.Load() > 0 {
		t.Errorf("the clients that behaved saw %d gaps in %d messages", missed.Load(), head)
	}
	for _, m := range mischief {
		times := firstGroup(hostile.text(), `(?m)^([0-9]+) times: `+regexp.QuoteMeta(m.name))
		if t.Logf("%6s times: %s", times, m.name); times == "" || times == "0" {
			t.Errorf("%s was never tried", m.name)
		}
	}
	r.returnsTo(before, 16<<20)
}

func init() { asHostile = hostileClients }

// hostileClients is the process of the hostile clients. Its arguments are the relay's
// address, the number of clients, the seed and the duration.
func hostileClients(args []string) {
	n, _ := strconv.ParseUint(args[1], 10, 64)
	seed, _ := strconv.ParseUint(args[2], 10, 64)
	long, _ := time.ParseDuration(args[3])
	stop := make(chan struct{})
	time.AfterFunc(long, func() { close(stop) })
	var acts [len(mischief)]atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { misbehave(args[0], rand.New(rand.NewPCG(seed, i)), stop, &acts) }) // ended by stop
	}
	wg.Wait()
	for i, m := range mischief {
		fmt.Printf("%d times: %s\n", acts[i].Load(), m.name)
	}
}

// misbehave does one kind of mischief after the other, each on a connection of
// its own, until stop.
func misbehave(addr string, r *rand.Rand, stop chan struct{}, acts *[len(mischief)]atomic.Int64) {
	for {
		kind := r.IntN(len(mischief))
		if c, err := net.Dial("tcp", addr); err == nil {
			c.(*net.TCPConn).SetLinger(0) // the machine's ports have to last
			c.SetDeadline(time.Now().Add(5 * time.Second))
			acts[kind].Add(1)
			mischief[kind].act(c, r)
			c.Close()
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(r.Int64N(int64(400 * time.Millisecond)))):
		}
	}
}

// mischief lists the acts of hostile and unlucky clients on a connection.
var mischief = [...]struct {
	name string
	act  func(c net.Conn, r *rand.Rand)
}{
	{"a dribbled request (H1)", func(c net.Conn, r *rand.Rand) {
		io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\nX-Half: ")
		time.Sleep(time.Duration(r.IntN(1000)) * time.Millisecond)
	}},
	{"no handshake (H2)", func(c net.Conn, _ *rand.Rand) {
		io.WriteString(c, "POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
		io.Copy(io.Discard, c)
	}},
	{"a foreign origin (H3)", func(c net.Conn, _ *rand.Rand) {
		shakeHands(c, "Origin: https://evil.example\r\n")
		io.Copy(io.Discard, c)
	}},
	{"oversized headers (H4)", func(c net.Conn, _ *rand.Rand) {
		c.Write(make([]byte, 64<<10))
		io.Copy(io.Discard, c)
	}},
	{"a body (H5)", func(c net.Conn, _ *rand.Rand) {
		shakeHands(c, "Content-Length: 3\r\n")
		io.Copy(io.Discard, c)
	}},
	{"lengths beyond reason (F1)", inSession(func(c net.Conn, r *rand.Rand) {
		c.Write(binary.BigEndian.AppendUint64([]byte{0x82, 0xFF}, r.Uint64()))
		c.Write([]byte{1, 2, 3, 4})
	})},
	{"broken frames (F2, F7)", inSession(func(c net.Conn, r *rand.Rand) {
		frame := make([]byte, 2+r.IntN(200))
		for i := range frame {
			frame[i] = byte(r.Uint32())
		}
		c.Write(frame)
	})},
	{"a flood of pings (F3)", inSession(func(c net.Conn, _ *rand.Rand) { flood(c, []byte{0x89, 0x80, 0, 0, 0, 0}) })},
	{"pongs unasked (F4)", inSession(func(c net.Conn, _ *rand.Rand) { c.Write([]byte{0x8A, 0x80, 0, 0, 0, 0}) })},
	{"endless fragments (F5)", inSession(func(c net.Conn, _ *rand.Rand) {
		c.Write([]byte{0x01, 0x80, 0, 0, 0, 0})
		flood(c, []byte{0x00, 0x80, 0, 0, 0, 0})
	})},
	{"a message without uplink (F8)", inSession(func(c net.Conn, _ *rand.Rand) { c.Write([]byte{0x81, 0x81, 0, 0, 0, 0, 'x'}) })},
	{"reading nothing (S1)", func(c net.Conn, r *rand.Rand) {
		c.(*net.TCPConn).SetReadBuffer(4096)
		shakeHands(c, "")
		time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
	}},
	{"half closed", inSession(func(c net.Conn, _ *rand.Rand) { c.(*net.TCPConn).CloseWrite() })},
	{"a reset (L4)", func(c net.Conn, _ *rand.Rand) { shakeHands(c, "") }},
}

// shakeHands sends an opening handshake with some lines more.
func shakeHands(c net.Conn, lines string) {
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: x\r\n%s%s\r\n", peertest.Handshake, lines)
}

// inSession shakes hands, does the mischief, and reads the answers for a moment.
func inSession(act func(net.Conn, *rand.Rand)) func(net.Conn, *rand.Rand) {
	return func(c net.Conn, r *rand.Rand) {
		shakeHands(c, "")
		act(c, r)
		c.SetReadDeadline(time.Now().Add(time.Duration(r.IntN(2000)) * time.Millisecond))
		io.Copy(io.Discard, c)
	}
}

// flood sends a frame many times over.
func flood(c net.Conn, frame []byte) {
	hundred := bytes.Repeat(frame, 100)
	for range 200 {
		if _, err := c.Write(hundred); err != nil {
			return
		}
	}
}
