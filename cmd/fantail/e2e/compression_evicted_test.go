//go:build unix

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

// TestEvictedCompressedClients: a client that is evicted within the stream gets its
// position, and from there the rest.
func TestEvictedCompressedClients(t *testing.T) {
	parallel(t)
	x := startCompressed(t, ownRecording(t, "binary-own.txt"), "FANTAIL_QUEUE_MESSAGES=50", "FANTAIL_STALL_TIMEOUT=200ms", "FANTAIL_UNSENT_LIMIT=4KiB")
	slow := make(chan struct{}) // closed once somebody was evicted
	var wg sync.WaitGroup
	var told atomic.Int64
	n := scale(20, 100)
	for range n {
		wg.Go(func() { // ends at the recording's end
			if err := x.evicted(t.Context(), slow, &told); err != nil {
				t.Error(err)
			}
		})
	}
	peertest.Eventually(t, "all are there", func() bool { return x.relay.Metric(`fantail_clients{transport="ws"}`) >= float64(n) })
	x.begin()
	peertest.Eventually(t, "somebody is evicted", func() bool { return x.relay.Metric(`fantail_client_leaves_total{reason="slow"}`) > 0 })
	close(slow)
	wg.Wait()
	t.Logf("%d closes told where to resume", told.Load())
}

func ownRecording(t *testing.T, name string) string {
	t.Helper()
	for _, file := range ownRecordings(t) {
		if filepath.Base(file) == name {
			return file
		}
	}
	t.Fatalf("no recording %s", name)
	return ""
}

// evicted reads nothing until the relay has evicted a client. Then it resumes after its
// last message each time that it is evicted.
func (x *compressed) evicted(ctx context.Context, slow <-chan struct{}, told *atomic.Int64) error {
	o := websocket.DialOptions{Compress: true, Client: smallWindow(4 << 10)}
	for got, fruitless := 0, 0; got < len(x.recorded); o.Client = nil {
		c, _, err := websocket.Dial(ctx, x.url("http", got), o)
		if err != nil {
			return err
		}
		c.SetReadLimit(64 << 20)
		<-slow
		before := got
		got, err = x.read(ctx, c, got, len(x.recorded))
		c.CloseNow()
		if err == nil {
			break
		}
		resume, wrong := x.cut(err, got)
		if wrong != nil {
			return fmt.Errorf("behind message %d: %w", got, wrong)
		}
		if resume {
			told.Add(1)
		} else if got == before && o.Client == nil { // it lacked the processor
			if fruitless++; fruitless == 20 {
				return fmt.Errorf("behind message %d: %w", got, err)
			}
		}
	}
	return nil
}

// smallWindow dials with a receive buffer that a few messages fill.
func smallWindow(bytes int) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(bytes)
		}
		return c, err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}
