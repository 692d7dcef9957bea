package feedtest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"fantail/hub"
	"fantail/hub/websocket"
)

// Serve starts a source that gives each connection to play and drops it
// afterwards. It returns its URL. All connections have ended when the test has.
func Serve(t *testing.T, o websocket.AcceptOptions, play func(*websocket.Conn, *http.Request)) string {
	t.Helper()
	srv := httptest.NewServer(Playing(t, o, play))
	t.Cleanup(srv.Close)
	return WSURL(srv.URL)
}

// Playing is the handler of serve.
func Playing(t *testing.T, o websocket.AcceptOptions, play func(*websocket.Conn, *http.Request)) http.Handler {
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait) // behind the server's own Close, which does not wait for WebSockets
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wg.Add(1)
		defer wg.Done()
		c, err := websocket.Accept(w, r, o)
		if err != nil {
			return
		}
		defer c.CloseNow()
		play(c, r)
	})
}

// Vacant is an address that nobody listens at.
const Vacant = "127.0.0.1:1"

func WSURL(u string) string { return strings.Replace(u, "http", "ws", 1) + "/feed" }

// Stay reads until the connection ends, so that pings and closes are answered.
func Stay(c *websocket.Conn) {
	for {
		_, r, err := c.Reader(context.Background())
		if err != nil {
			return
		}
		ReadString(r)
	}
}

func ReadString(r io.Reader) string {
	b, _ := io.ReadAll(r)
	return string(b)
}

// Write fails when the subscriber has gone, as it does at a test's end; what did not
// arrive before, the test misses.
func Write(c *websocket.Conn, kind hub.Kind, text string) error {
	return c.Write(context.Background(), kind, []byte(text))
}

// Echo answers each message with itself until the connection ends.
func Echo(c *websocket.Conn, _ *http.Request) {
	c.SetReadLimit(1 << 20)
	for {
		kind, r, err := c.Reader(context.Background())
		if err != nil || Write(c, kind, ReadString(r)) != nil {
			return
		}
	}
}

// Receive returns the next frame that the relay sends, or what ended it.
func Receive(c *websocket.Conn) string {
	_, r, err := c.Reader(context.Background())
	if err != nil {
		return err.Error()
	}
	return ReadString(r)
}
