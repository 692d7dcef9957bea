package websocket

import (
	"context"
	"strings"
	"testing"

	"fantail/hub"
)

func TestDiscard(t *testing.T) {
	why := make(chan error, 1)
	ctx, c, _ := dial(t, serve(t, AcceptOptions{}, func(ctx context.Context, c *Conn) {
		c.SetReadLimit(1 << 20)
		why <- c.Discard(ctx)
	}), DialOptions{})
	for _, text := range []string{"", "a", strings.Repeat("b", 100_000)} {
		if err := c.Write(ctx, hub.Text, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	reading, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.Discard(reading) }() // ended by stop
	if err := c.Ping(ctx); err != nil {
		t.Errorf("a ping behind messages that are dropped: %v", err)
	}
	stop()
	if err := <-ended; err == nil {
		t.Error("the end of the context is no error")
	}
	if err := <-why; err == nil {
		t.Error("the end of the connection is no error")
	}
}
