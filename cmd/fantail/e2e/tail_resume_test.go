//go:build unix

package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// cutter is a TCP proxy that cuts each of its first connections after a random
// number of bytes from the target.
type cutter struct {
	addr   string
	target string
	rnd    *rand.Rand // owned by the accepting goroutine

	conns sync.WaitGroup
	mu    sync.Mutex
	cuts  int
}

// cutTimes cuts that often, and lets the next connection live. The waits between
// two attempts double, so the number is small.
func cutTimes(t *testing.T, target string, times int) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{addr: l.Addr().String(), target: target, rnd: rand.New(rand.NewPCG(3, 4))}
	c.conns.Go(func() { // ended by the listener
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			budget := int64(1 << 62)
			if c.count() < times {
				budget = 1000 + c.rnd.Int64N(50_000)
			}
			c.conns.Go(func() { c.relay(client, budget) }) // ended by either side
		}
	})
	t.Cleanup(func() { l.Close(); c.conns.Wait() })
	return c
}

func (c *cutter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts
}

func (c *cutter) relay(client net.Conn, budget int64) {
	defer client.Close()
	server, err := net.Dial("tcp", c.target)
	if err != nil {
		return
	}
	defer server.Close()
	c.conns.Go(func() { // ended by the closing of either side
		io.Copy(server, client)
		server.Close()
	})
	if n, _ := io.CopyN(client, server, budget); n == budget {
		c.mu.Lock()
		c.cuts++
		c.mu.Unlock()
	}
}

// demoSeqs are the sequences of a demo feed's messages in a text.
func demoSeqs(text string) (seqs []int) {
	for _, m := range regexp.MustCompile(`"demo":true,"t":\d+,"seq":(\d+),`).FindAllStringSubmatch(text, -1) {
		var n int
		fmt.Sscan(m[1], &n)
		seqs = append(seqs, n)
	}
	return seqs
}

// TestTailResumesAcrossCuts: the relay stays and the connection is cut at random
// bytes. Every message is recorded once.
func TestTailResumesAcrossCuts(t *testing.T) {
	parallel(t)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=demo:?rate=500") // the ring holds two minutes of it
	proxy := cutTimes(t, r.Addr, 5)
	file := filepath.Join(t.TempDir(), "copy.txt")
	p := launch(t, "fantail", []string{"tail", "-stats", "-record", file, "ws://" + proxy.addr + "/ws"})
	peertest.Eventually(t, "five cuts", func() bool { return proxy.count() == 5 })
	cut, _ := os.ReadFile(file)
	peertest.Eventually(t, "messages behind the last cut", func() bool {
		now, _ := os.ReadFile(file)
		return len(now) > len(cut)+100_000
	})
	p.signal(os.Interrupt)
	if code := p.exit(peertest.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seqs := demoSeqs(string(text))
	for i, seq := range seqs {
		if seq != seqs[0]+i {
			t.Fatalf("message %d behind %d", seq, seqs[max(0, i-1)])
		}
	}
	told := strings.NewReplacer("last gap", "", "no gap", "").Replace(p.text()) // those are of pauses between messages
	if strings.Contains(told, "gap") || strings.Contains(told, "lacks") {
		t.Error("tells of a gap where there is none")
	}
	p.find(`(recorded in \S+; at [a-z0-9]{8}-\d+)`)
}

// TestTailGoesOnBehindARestart: the relay is killed, and another relay, which knows
// nothing of the first, takes its place. The tail goes on and tells the gap.
func TestTailGoesOnBehindARestart(t *testing.T) {
	parallel(t)
	addr, file := nettest.FreeAddr(t), filepath.Join(t.TempDir(), "copy.txt")
	env := []string{"FANTAIL_SOURCE_URL=demo:?rate=100", "FANTAIL_LISTEN=" + addr}
	first := startRelayProcess(t, env...)
	p := launch(t, "fantail", []string{"tail", "-record", file, "ws://" + addr + "/ws"})
	p.find(`"demo":true,"t":\d+,"seq":(\d+),`)
	first.signal(os.Kill)
	first.exit(peertest.Patience)
	p.find(`(source is away)`)
	startRelayProcess(t, env...)
	p.find(`(?s)(gap: an unknown number of messages missed).*"demo":true`)
	p.signal(os.Interrupt)
	if code := p.exit(peertest.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	p.find(`1 gap, an unknown number of messages missed; (recorded in \S+, which lacks the missed messages)`)
}

// TestTailSince: the position that is printed at the end is good for -since.
func TestTailSince(t *testing.T) {
	parallel(t)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=demo:?rate=500")
	url := "ws://" + r.Addr + "/ws"
	p := launch(t, "fantail", []string{"tail", "-n", "50", url})
	if code := p.exit(peertest.Patience); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	before := demoSeqs(p.text())
	position := p.find(`; at (\S+)`)
	p = launch(t, "fantail", []string{"tail", "-n", "10", "-since", position, url})
	if code := p.exit(peertest.Patience); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if after := demoSeqs(p.text()); len(before) != 50 || len(after) != 10 || after[0] != before[49]+1 {
		t.Errorf("%v, and then behind %s: %v", before, position, after)
	}
}

// TestTailAsksARelay: the flags reach the relay.
func TestTailAsksARelay(t *testing.T) {
	parallel(t)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=demo:?rate=500", "FANTAIL_SNAPSHOT=last")
	url := "ws://" + r.Addr + "/ws"
	peertest.Eventually(t, "a snapshot of all keys", func() bool {
		p := launch(t, "fantail", []string{"tail", "-n", "7", "-snapshot", "-policy", "conflate", url})
		p.exit(peertest.Patience)
		names := map[string]bool{}
		for _, m := range regexp.MustCompile(`"symbol":"(\S+?)"`).FindAllStringSubmatch(p.text(), -1) {
			names[m[1]] = true
		}
		return len(names) == 7
	})
	p := launch(t, "fantail", []string{"tail", "-n", "5", "-last", "5", "-key", "DEMO-MOA", "-key", "DEMO-T*", url})
	if code := p.exit(peertest.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := len(regexp.MustCompile(`"symbol":"DEMO-(MOA|TUI)"`).FindAllString(p.text(), -1)); n != 5 {
		t.Errorf("%d of 5 messages are of the keys", n)
	}
}
