// Command embed serves a feed to many WebSocket clients: one of its own, a counter, or
// the one at a URL.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed"
	"fantail/hub"
	"fantail/relay"
)

func main() {
	listen := flag.String("listen", "localhost:8080", "listen at `HOST:PORT`")
	source := flag.String("source", "", "relay the feed at `URL`, such as wss://example.com/feed (default a counter)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *listen, *source); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

// count publishes ten numbers a second until ctx ends.
func count(ctx context.Context, h *relay.Hub) {
	for n := 1; ctx.Err() == nil; n++ {
		h.Publish(hub.Input{Payload: fmt.Appendf(nil, `{"n":%d}`, n)})
		time.Sleep(100 * time.Millisecond)
	}
}

// follow publishes the messages of a source until ctx ends.
func follow(ctx context.Context, h *relay.Hub, cfg feed.Config) error {
	f, err := feed.Connect(h.Hub(), cfg, zerolog.New(os.Stderr))
	if err != nil {
		return err
	}
	go func() { // ends with ctx
		if err := f.Run(ctx); err != nil {
			log.Print(err)
		}
	}()
	return nil
}

// serve relays the counter or the source until ctx ends, and tells each client its
// position then.
func serve(ctx context.Context, listen, source string) error {
	cfg := feed.Config{Sources: feed.Sources{URL: source}}
	h := relay.NewHub(cfg.ForHub(hub.Config{Liveness: hub.Liveness{PingInterval: 30 * time.Second}}))
	defer h.Close()
	if source == "" {
		go count(ctx, h) // ends with ctx
	} else if err := follow(ctx, h, cfg); err != nil {
		return err
	}
	r, err := relay.New(relay.Config{Hub: h})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("ws://%s/ws\n", l.Addr())
	srv := &http.Server{Handler: r.Handler(), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() {
		r.StopAccepting()
		h.Drain(context.Background(), time.Second)
		srv.Close()
	})
	return srv.Serve(l)
}
