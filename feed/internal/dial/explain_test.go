package dial

import (
	"context"
	"net"
	"strings"
	"testing"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/internal/redact"
)

// TestExcerptShowsNoSecret: a source may repeat the key that it was sent.
func TestExcerptShowsNoSecret(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	if text := Excerpt(strings.NewReader("no such key: " + key)); strings.Contains(text, key) || !strings.Contains(text, "no such key: "+redact.Mask) {
		t.Error(text)
	}
}

func TestExplainTimeouts(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}
	f := Explain(&net.OpError{Op: "dial", Addr: addr, Err: context.DeadlineExceeded}, nil, nil)
	feedtest.WantFailure(t, f, driver.ReasonDial, "192.0.2.1:443 does not answer within 10s", "firewall")
	f = Explain(context.DeadlineExceeded, nil, nil)
	feedtest.WantFailure(t, f, driver.ReasonHandshake, "did not finish the handshake within 10s")
}
