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

// ServeSource serves a WebSocket source over TLS or not. It returns its host
// and port.
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

// Chatter sends a message of the kind again and again until the client leaves.
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

// LongEnough has a source watched for longer and longer until it was heard: how
// long that takes is the machine's affair. Who says nothing is soon watched for
// long enough.
func LongEnough(watch func(window string) (heard bool)) {
	for _, window := range []string{"200ms", "1s", "5s", "20s"} {
		if watch(window) {
			return
		}
	}
}
