package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

// foreign is a WebSocket server that is not the relay: the library, a goroutine
// for each client.
type foreign struct {
	t      *testing.T
	server *httptest.Server
	each   serving
	wg     sync.WaitGroup

	sent     atomic.Int64 // messages, to all clients
	cut      atomic.Int64 // clients that did not take a message in time
	mu       sync.Mutex
	clients  int           // guarded by mu
	requests []http.Header // guarded by mu
	got      []string      // messages of clients; guarded by mu
}

// serving serves the n-th client of a server.
type serving func(ctx context.Context, f *foreign, n int, conn *websocket.Conn)

// startForeign serves each client with each until the test ends.
func startForeign(t *testing.T, secure bool, each serving) *foreign {
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
	ctx, cancel := context.WithCancel(f.t.Context())
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
	f.each(ctx, f, n, conn)
}

// feed sends each client a message of size bytes every period until the connection
// ends. Sequence 3 is left out.
func feed(period time.Duration, size int) serving {
	return feedWithin(peertest.Patience, period, size)
}

// feedWithin is feed for clients that are cut if they do not take a message in time.
func feedWithin(within, period time.Duration, size int) serving {
	return func(ctx context.Context, f *foreign, _ int, conn *websocket.Conn) {
		tick := time.NewTicker(period)
		defer tick.Stop()
		pad := strings.Repeat("x", size)
		for q := 1; ; q++ {
			if q == 3 {
				continue
			}
			m := fmt.Sprintf(`{"t":%d,"q":%d,"pad":"%s"}`, time.Now().UnixNano(), q, pad)
			write, cancel := context.WithTimeout(ctx, within)
			err := conn.Write(write, hub.Text, []byte(m))
			late := write.Err() == context.DeadlineExceeded
			cancel()
			if err != nil {
				if late {
					f.cut.Add(1)
				}
				return
			}
			f.sent.Add(1)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}
