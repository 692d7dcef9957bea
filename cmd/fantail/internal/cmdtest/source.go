package cmdtest

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// ServeSource serves a WebSocket source, over TLS if it is secure, until the test ends.
// It returns its host and port.
func ServeSource(t testing.TB, secure bool, play func(*websocket.Conn)) string {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, websocket.AcceptOptions{Compress: true})
		if err != nil {
			return
		}
		defer c.CloseNow()
		play(c)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// Chatter returns a source that sends one message again and again until the client
// leaves.
func Chatter(kind hub.Kind, text string) func(*websocket.Conn) {
	return func(c *websocket.Conn) {
		ctx, cancel := context.WithCancel(context.Background())
		go func() { // ends with the connection
			c.Discard(ctx)
			cancel()
		}()
		for ctx.Err() == nil && c.Write(ctx, kind, []byte(text)) == nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// LongEnough has a source watched in longer and longer windows until it was heard,
// since a busy machine may need any of them. A source that says nothing is watched in
// all of them.
func LongEnough(watch func(window string) (heard bool)) {
	for _, window := range []string{"200ms", "1s", "5s", "20s"} {
		if watch(window) {
			return
		}
	}
}
