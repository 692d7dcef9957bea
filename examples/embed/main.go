// Command embed serves a feed of its own, a counter, to many WebSocket clients.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"fantail/hub"
	"fantail/relay"
)

func main() {
	listen := flag.String("listen", "localhost:8080", "listen at `HOST:PORT`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *listen); !errors.Is(err, http.ErrServerClosed) {
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

// serve relays the counter until ctx ends, and tells each client its position then.
func serve(ctx context.Context, listen string) error {
	h := relay.NewHub(hub.Config{Liveness: hub.Liveness{PingInterval: 30 * time.Second}})
	defer h.Close()
	go count(ctx, h)
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
