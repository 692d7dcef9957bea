package relay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
)

// joinNarrow joins with a receive buffer as small as the kernel allows, so that a
// reader that stops is noticed soon. A reader that goes on is slower because of it.
func joinNarrow(t testing.TB, addr, path string) *peer { return joinBuffered(t, addr, path, 4096) }

// joinBuffered joins with a receive buffer of a size.
func joinBuffered(t testing.TB, addr, path string, size int) *peer {
	t.Helper()
	c := dialTCP(t, addr)
	if err := c.(*net.TCPConn).SetReadBuffer(size); err != nil {
		t.Fatal(err)
	}
	p := upgrade(t, c, "GET "+path+" HTTP/1.1\r\nHost: "+addr+"\r\n"+handshake+"\r\n")
	if p.status != 101 {
		t.Fatalf("handshake: %d %s", p.status, p.body)
	}
	return p
}

// S2: half of the clients stop reading. They cost their sockets and no copy of
// the feed; the publisher never waits (healthy.check), and all are evicted.
func TestS2HalfOfTheClientsStopped(t *testing.T) {
	const stopped = 50
	_, h, addr := newTestRelay(t, hub.Config{Ring: hub.RingSize{Messages: 400}, Queue: hub.Bounds{Messages: 200}}, Config{Sockets: Sockets{UnsentLimit: 4096}})
	w := watchHealthy(t, h, addr, 8<<10, 2*time.Millisecond)
	t.Cleanup(w.check) // when all that stopped have hung up, and before the relay ends
	others := make([]*peer, stopped)
	for i := range others {
		others[i] = join(t, addr, "/ws")
		w.accompany(others[i])
	}
	full := w.published() + 400
	peertest.Eventually(t, "the ring is full of it", func() bool { return w.published() >= full })
	func() {
		w.mu.Lock() // the feed rests, so that none is evicted before it is measured
		defer w.mu.Unlock()
		before := heap()
		for range stopped {
			joinNarrow(t, addr, "/ws") // hung up before the check
		}
		for range 50 { // a quarter of what a client may be behind
			w.sayLocked(w.pad)
		}
		stuck := func() bool { return h.Stats().Drainers >= stopped/2 }
		peertest.Eventually(t, "half of them are stuck", stuck)
		var each int64
		cheap := func() bool { // once the other clients, which may be late, have everything
			each = (heap() - before) / stopped
			return stuck() && each <= 100<<10 // a drainer's buffer of 64 KiB, goroutines, both ends' buffers
		}
		if !peertest.Soon(cheap) {
			t.Errorf("a stopped client costs %d bytes", each)
		}
	}()
	peertest.Eventually(t, "all of them evicted", func() bool { return h.Stats().Leaves[hub.Slow] == stopped })
	for _, p := range others {
		p.conn.Close()
	}
	peertest.Eventually(t, "the others were there to the end", func() bool { return h.Stats().Leaves[hub.Left] == stopped && h.Clients() == 1 })
}

// drink reads until the end of the connection.
func (p *peer) drink() { io.Copy(io.Discard, p.r) }

// S3: a client that reads at nine tenths of the rate falls behind, is evicted
// once with its position, and resumes there without a gap when it reads faster.
func TestS3NineTenthsOfTheRate(t *testing.T) {
	t.Parallel()
	const every = 2 * time.Millisecond
	_, h, addr := newTestRelay(t, hub.Config{Ring: hub.RingSize{Messages: 20_000}, Queue: hub.Bounds{Messages: 60}}, Config{Sockets: Sockets{UnsentLimit: 4096}})
	w := watchHealthy(t, h, addr, 2<<10, every)
	defer w.check()
	p := joinBuffered(t, addr, "/ws", 64<<10) // wide enough for its pace
	defer p.conn.Close()
	next, begun := -1, w.published()
	var closing []byte
	for read := 0; closing == nil; read++ {
		peertest.Eventually(t, "nine tenths", func() bool { return 9*(w.published()-begun) > 10*read })
		op, got, err := p.frame()
		if err != nil {
			t.Fatalf("no close frame: %v", err)
		}
		if op == 8 {
			closing = got
			continue
		}
		next = checkNumber(t, got, next)
	}
	code, reason := binary.BigEndian.Uint16(closing), string(closing[2:])
	resume, ok := strings.CutPrefix(reason, "slow; resume=")
	if code != 4408 || !ok {
		t.Fatalf("closed with %d %q", code, reason)
	}
	behind := w.waitForOne()
	defer behind.Store(math.MaxInt64)
	q := join(t, addr, "/ws?since="+resume)
	defer q.conn.Close()
	for range 2000 {
		_, got, err := q.frame()
		if err != nil {
			t.Fatal(err)
		}
		next = checkNumber(t, got, next)
		behind.Store(int64(next))
	}
	if n := h.Stats().Leaves[hub.Slow]; n != 1 {
		t.Errorf("evicted %d times", n)
	}
}

// checkNumber checks that a healthy feed's message is the expected one, or any if next
// is negative. It returns the number of the next one.
func checkNumber(t testing.TB, message []byte, next int) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscanf(string(message[:min(len(message), 60)]), "%d ", &n); err != nil || next >= 0 && n != next {
		t.Fatalf("instead of message %d: %.60q", next, message)
	}
	return n + 1
}

// S4: a write that stops inside a frame and meets the deadline: not one byte
// more, no close frame amid the message, and an end that is a reset.
func TestS4NoByteAfterTheDeadline(t *testing.T) {
	t.Parallel()
	_, h, addr := newTestRelay(t, hub.Config{Queue: hub.Bounds{Stall: 500 * time.Millisecond}}, Config{})
	p := joinNarrow(t, addr, "/ws")
	peertest.Eventually(t, "joined", func() bool { return h.Clients() == 1 })
	payload := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	h.Publish(hub.Input{Payload: payload})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	defer p.conn.Close()
	peertest.Eventually(t, "evicted", func() bool { return h.Stats().Leaves[hub.Slow] == 1 })
	got, err := io.ReadAll(p.r)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ended with %v, want a reset", err)
	}
	frame := append(frameHeader(nil, hub.Text, len(payload)), payload...)
	if len(got) == 0 || len(got) >= len(frame) || !bytes.HasPrefix(frame, got) {
		t.Errorf("%d bytes came, which are not the frame's beginning", len(got))
	}
}

// S5: pings both ways during a broadcast of messages that fill the socket:
// nothing is interleaved, and every frame decodes. (No compression is agreed on
// yet; the messages are plain.)
func TestS5PingsAmidLargeMessages(t *testing.T) {
	const size = 100 << 10
	_, h, addr := newTestRelay(t, hub.Config{Liveness: hub.Liveness{PingInterval: 100 * time.Millisecond}}, Config{Sockets: Sockets{UnsentLimit: 4096}})
	w := watchHealthy(t, h, addr, size, 25*time.Millisecond)
	defer w.check()
	behind := w.waitForOne() // it never has to be evicted
	defer behind.Store(math.MaxInt64)
	p := joinNarrow(t, addr, "/ws")
	defer p.conn.Close()
	p.conn.(*net.TCPConn).SetReadBuffer(32 << 10) // less than a message
	quiet := make(chan struct{})
	go func() { // ended by quiet
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-tick.C:
				p.send(9, fmt.Sprint(n))
			case <-quiet:
				return
			}
		}
	}()
	next, pongs, pings, last := -1, 0, 0, -1
	for pongs < 50 || pings < 3 || next < 100 {
		op, got, err := p.frame()
		switch {
		case err != nil:
			t.Fatal(err)
		case op == 1 && len(got) > size && bytes.Count(got, []byte("x")) == size:
			next = checkNumber(t, got, next)
			behind.Store(int64(next))
		case op == 10: // some may be left out, for a newer one
			var n int
			if _, err := fmt.Sscan(string(got), &n); err != nil || n <= last {
				t.Fatalf("pong %q behind pong %d", got, last)
			}
			last = n
			if pongs++; pongs == 50 {
				close(quiet)
			}
		case op == 9:
			p.send(10, string(got))
			pings++
		default:
			t.Fatalf("opcode %d with %d bytes", op, len(got))
		}
	}
}
