//go:build unix

package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/e2e/sourcetest"
	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/serve"
	"fantail/feed"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/websocket"
	"fantail/relay"
)

// bubbleRelay is a whole relay but for its listener: feed, hub and WebSocket
// clients, all in the memory of a synctest bubble.
type bubbleRelay struct {
	t    *testing.T
	feed *feed.Feed
	stop func() // ends feed, hub and servers, and waits for them

	// Guarded by mu.
	mu   sync.Mutex
	log  bytes.Buffer
	got  []string       // by the client
	keys map[string]int // of the published messages
}

// keyTap is a hub that notes the keys of the messages that are published.
type keyTap struct {
	*relay.Hub
	b *bubbleRelay
}

func (k keyTap) Publish(in hub.Input) {
	k.b.mu.Lock()
	k.b.keys[in.Key]++
	k.b.mu.Unlock()
	k.Hub.Publish(in)
}

// startBubbleRelay starts a relay on a network, with one client. Its end comes
// before the network's.
func startBubbleRelay(t *testing.T, c config.Config, network *sourcetest.Network) *bubbleRelay {
	t.Helper()
	b := &bubbleRelay{t: t, keys: make(map[string]int)}
	log := zerolog.New(b)
	h := relay.NewHub(c.Hub)
	fc := c.Feed
	fc.Events.Notify, fc.Dialling.Dial, fc.Dialling.TLS = h.Source, network.Dial, network.TLS()
	var err error
	if b.feed, err = feed.New(fc, keyTap{h, b}, log); err != nil {
		t.Fatal(err)
	}
	r, err := relay.New(serve.RelayConfig(c, h, b.feed, log))
	if err != nil {
		t.Fatal(err)
	}
	listener := nettest.NewPipes()
	server := &http.Server{Handler: r.Handler()}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { server.Serve(listener) }) // ended by Close
	running.Go(b.follow(listener))                // ended by the hub's Close
	running.Go(func() {                           // ended by cancel
		if err := b.feed.Run(ctx); err != nil {
			t.Errorf("the feed: %v", err)
		}
	})
	b.stop = sync.OnceFunc(func() {
		cancel()
		synctest.Wait() // the published messages reach the client
		h.Close()
		server.Close()
		running.Wait()
	})
	t.Cleanup(b.stop)
	return b
}

// follow connects a client, and returns a function that reads its messages to the end.
func (b *bubbleRelay) follow(l *nettest.Pipes) func() {
	b.t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: l.Dial, DisableKeepAlives: true}}
	conn, _, err := websocket.Dial(b.t.Context(), "ws://relay/ws", websocket.DialOptions{Client: client})
	if err != nil {
		b.t.Fatal(err)
	}
	conn.SetReadLimit(16 << 20)
	return func() {
		defer conn.CloseNow()
		for {
			_, r, err := conn.Reader(context.Background())
			if err != nil {
				return
			}
			message, err := io.ReadAll(r)
			if err != nil {
				b.t.Errorf("the client: %v", err)
				return
			}
			b.mu.Lock()
			b.got = append(b.got, string(message))
			b.mu.Unlock()
		}
	}
}

// Write takes the relay's log.
func (b *bubbleRelay) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

// state returns the log and the client's messages so far.
func (b *bubbleRelay) state() (log string, got []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.String(), b.got
}
