//go:build unix

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/hub/websocket"
)

// S5: compressed and plain clients, filters among them, messages of 100 kB, pings
// between the frames, and readers with small windows, beside judges that are not
// ours: every frame decodes, and every message is as it was recorded.
func TestS5CompressedMix(t *testing.T) {
	parallel(t)
	judges := compressionJudges(t)
	x := startCompressed(t, recordingOfSizes(t, scale(400, 3000)), "FANTAIL_SOURCE_KEY=k", "FANTAIL_PING_INTERVAL=100ms", "FANTAIL_UNSENT_LIMIT=4KiB")
	judged := x.judge(judges)
	var wg sync.WaitGroup
	for i := range scale(24, 100) {
		wg.Go(func() { // ends with the recording
			if err := x.mixed(t.Context(), i); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	var messages atomic.Int64
	x.comeAndGo(scale(10, 50), &messages)
	wg.Wait()
	judged()
	if saved := x.relay.Metric("fantail_compression_saved_bytes_total"); saved == 0 {
		t.Error("nobody was on the stream")
	}
}

// recordingOfSizes has messages of three keys, each tenth of them of 100 kB.
func recordingOfSizes(t *testing.T, n int) string {
	t.Helper()
	rnd, at := rand.New(rand.NewPCG(5, 5)), int64(1_700_000_000_000_000_000)
	var lines strings.Builder
	for i := range n {
		at += rnd.Int64N(20_000_000)
		pad := rnd.IntN(300)
		if i%10 == 9 {
			pad = 100_000
		}
		text := make([]byte, pad)
		for j := range text {
			text[j] = "0123456789abcdef"[rnd.IntN(16)]
		}
		fmt.Fprintf(&lines, "%d\t{\"k\":\"k%d\",\"n\":%d,\"pad\":\"%s\"}\n", at, i%3, i, text)
	}
	file := filepath.Join(t.TempDir(), "mixed.ndjson")
	cmdtest.WriteFile(t, file, lines.String())
	return file
}

// mixed reads as one of six kinds: compressed or plain, all or one key, with a
// small window or not.
func (x *compressed) mixed(ctx context.Context, i int) error {
	url, key, o := x.url("http", 0), "", websocket.DialOptions{Compress: i%2 == 0}
	if i%3 == 0 {
		key = fmt.Sprintf(`{"k":"k%d"`, i%2)
		url += fmt.Sprintf("&key=k%d", i%2)
	}
	if i%4 < 2 {
		o.Client = smallWindow(64 << 10)
	}
	c, _, err := websocket.Dial(ctx, url, o)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	c.SetReadLimit(64 << 20)
	for n, want := range x.recorded {
		if !bytes.HasPrefix(want.Payload, []byte(key)) {
			continue
		}
		kind, r, err := c.Reader(ctx)
		if err != nil {
			return fmt.Errorf("message %d: %w", n, err)
		}
		if p, err := io.ReadAll(r); err != nil || kind != want.Kind || !bytes.Equal(p, want.Payload) {
			return fmt.Errorf("message %d is another: %d bytes of %d, %w", n, len(p), len(want.Payload), err)
		}
	}
	return nil
}
