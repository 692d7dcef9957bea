package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// foreign is a WebSocket server that is not the relay: the library, a goroutine
// for each client.
type foreign struct {
	t      *testing.T
	server *httptest.Server
	each   func(ctx context.Context, n int, conn *websocket.Conn) // serves the n-th client
	wg     sync.WaitGroup

	mu       sync.Mutex
	clients  int           // guarded by mu
	requests []http.Header // guarded by mu
	got      []string      // messages of clients; guarded by mu
}

// startForeign serves each client with each until the test ends.
func startForeign(t *testing.T, secure bool, each func(ctx context.Context, n int, conn *websocket.Conn)) *foreign {
	t.Helper()
	f := &foreign{t: t, each: each}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	if secure {
		f.server.StartTLS()
	} else {
		f.server.Start()
	}
	t.Cleanup(func() {
		f.server.Close()
		f.wg.Wait()
	})
	return f
}

func (f *foreign) url() string { return "ws" + strings.TrimPrefix(f.server.URL, "http") + "/feed" }

func (f *foreign) serve(w http.ResponseWriter, r *http.Request) {
	f.wg.Add(1)
	defer f.wg.Done()
	f.mu.Lock()
	n := f.clients
	f.clients++
	f.requests = append(f.requests, r.Header.Clone())
	f.mu.Unlock()
	conn, err := websocket.Accept(w, r, websocket.AcceptOptions{})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
	defer cancel()
	f.wg.Go(func() { // ended by CloseNow
		defer cancel()
		for {
			_, r, err := conn.Reader(ctx)
			if err != nil {
				return
			}
			b, _ := io.ReadAll(r)
			f.mu.Lock()
			f.got = append(f.got, string(b))
			f.mu.Unlock()
		}
	})
	f.each(ctx, n, conn)
}

// feed sends a message of size bytes every period until the connection ends.
// Sequence 3 is left out.
func feed(period time.Duration, size int) func(context.Context, int, *websocket.Conn) {
	return func(ctx context.Context, _ int, conn *websocket.Conn) {
		tick := time.NewTicker(period)
		defer tick.Stop()
		pad := strings.Repeat("x", size)
		for q := 1; ; q++ {
			if q == 3 {
				continue
			}
			m := fmt.Sprintf(`{"t":%d,"q":%d,"pad":"%s"}`, time.Now().UnixNano(), q, pad)
			write, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
			err := conn.Write(write, hub.Text, []byte(m))
			cancel()
			if err != nil {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}
