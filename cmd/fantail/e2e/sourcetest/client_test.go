package sourcetest

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// client is a subscriber that follows the test, right or wrong. It answers pings only
// while hear or hearAll reads.
type client struct {
	t *testing.T
	*websocket.Conn
}

// join dials a protocol's URL with a query.
func join(t *testing.T, w *Network, p Protocol, query string, header http.Header) (*client, error) {
	t.Helper()
	transport := &http.Transport{DialContext: w.Dial, TLSClientConfig: w.TLS(), DisableKeepAlives: true}
	conn, _, err := websocket.Dial(t.Context(), p.URL+query, websocket.DialOptions{Client: &http.Client{Transport: transport}, Header: header})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &client{t, conn}, nil
}

func (c *client) say(text string) {
	c.Write(context.Background(), hub.Text, []byte(text)) // it may have been cut already
}

// hear returns the next message, empty at the end of the connection.
func (c *client) hear() string {
	_, r, err := c.Reader(context.Background())
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(r)
	return string(text)
}

// hearAll hears for a time, or to the end of the connection.
func (c *client) hearAll(d time.Duration) (all []string) {
	timer := time.AfterFunc(d, func() { c.CloseNow() })
	defer timer.Stop()
	for {
		text := c.hear()
		if text == "" {
			return all
		}
		all = append(all, text)
	}
}

// play starts a server and its network.
func play(t *testing.T, cfg Config) (*Server, *Network) {
	t.Helper()
	s := New(cfg)
	t.Cleanup(s.Close)
	w, err := NewNetwork(s)
	if err != nil {
		t.Fatal(err)
	}
	return s, w
}
