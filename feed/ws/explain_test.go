package ws_test

import (
	"net/http"
	"strings"
	"testing"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/internal/redact"
	"fantail/hub/websocket"
)

// TestCloseReasonShowsNoSecret: a source may quote the key that it was sent.
func TestCloseReasonShowsNoSecret(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	srv := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		c.Close(4001, "no such key: "+key)
	})
	s, err := openWS(t, srv, driver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, closed := s.Next()
	if text := closed.Error(); strings.Contains(text, key) || !strings.Contains(text, "no such key: "+redact.Mask) {
		t.Error(text)
	}
}
