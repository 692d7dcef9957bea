//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"fantail/hub"
	"fantail/hub/peertest"
)

// TestPositionsOfAStream: a position of one relay of a broker's stream is good at
// another relay, and after a restart. While its source is away, a relay that cannot
// judge a position asks the client to come back.
func TestPositionsOfAStream(t *testing.T) {
	parallel(t)
	for _, name := range []string{"redis stream", "nats stream"} {
		t.Run(name, func(t *testing.T) {
			f := brokerFeeds[name](t)
			begin := func() *relayProcess {
				r := startRelayProcess(t, "FANTAIL_SOURCE_URL="+f.source)
				r.Find(`(source is connected)`)
				return r
			}
			holdsAll := func(r *relayProcess) {
				t.Helper()
				peertest.Eventually(t, "all messages are held", func() bool { return r.Metric("fantail_ring_messages") == 100 })
			}
			a, b := begin(), begin()
			publish, leave := f.connect()
			defer leave()
			next := streamLines(t, "http://"+a.Addr+"/stream")
			if pour(publish, 0, 100, 5000) != 100 {
				t.Fatal("not all could be published")
			}
			positions := positionsOf(t, next, 100)
			holdsAll(b)
			b.resumesIn(t, positions, 40)
			b.resumesIn(t, positions, 99)
			a.signal(syscall.SIGKILL)
			a.exit(peertest.Patience)
			a = begin()
			holdsAll(a)
			a.resumesIn(t, positions, 0)
			a.resumesIn(t, positions, 98)

			f.Kill() // positions cannot be judged by a relay that has not come as far
			a.Find(`(source is away)`)
			ahead, err := hub.ParsePosition(positions[99])
			if err != nil {
				t.Fatal(err)
			}
			ahead.Seq++
			if s, err := openSubscriber(a.Addr, "/ws?since="+ahead.String(), 1<<10); err == nil {
				s.conn.Close()
				t.Error("a position that this relay has not reached is taken")
			} else if !strings.Contains(err.Error(), "503") {
				t.Errorf("a position that this relay has not reached: %v", err)
			}
		})
	}
}

// positionsOf reads numbered messages and returns the position of each.
func positionsOf(t *testing.T, next func() (envelopeLine, error), n int) (positions []string) {
	t.Helper()
	for len(positions) < n {
		line, err := next()
		if err != nil {
			t.Fatal(err)
		}
		if line.Notice != "" {
			continue
		}
		if line.Data.N != len(positions) {
			t.Fatalf("message %d after %d", line.Data.N, len(positions)-1)
		}
		positions = append(positions, line.Pos)
	}
	return positions
}

// resumesIn resumes after a message, and expects the next messages with the positions
// that were told elsewhere.
func (r *relayProcess) resumesIn(t *testing.T, positions []string, behind int) {
	t.Helper()
	next := streamLines(t, "http://"+r.Addr+"/stream?since="+positions[behind])
	if line, err := next(); err != nil || line.Notice != "hello" || line.Pos != positions[behind] {
		t.Fatalf("behind %d: begins with %+v, %v", behind, line, err)
	}
	for n := behind + 1; n < len(positions); n++ {
		line, err := next()
		if err != nil || line.Notice != "" || line.Data.N != n || line.Pos != positions[n] {
			t.Fatalf("behind %d: message %d is %s, %v", behind, n, fmt.Sprintf("%+v", line), err)
		}
	}
}
