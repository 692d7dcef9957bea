// Package servetest runs relays within the process of a test.
//
// Such a relay is the one that fantail serve runs. Only its environment and its
// listeners are handed in, so that tests can run side by side. A test of what belongs to
// a process (signals, limits, descriptors, memory) needs a process. Only tests use this
// package.
package servetest

import (
	"context"
	"net"
	"testing"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/serve"
)

// Start runs a relay with the given NAME=value entries as its environment, at free
// ports unless the entries name some. The relay ends with the test, and at once unless
// the entries give it a FANTAIL_DRAIN_WINDOW. The test fails if it ends with an error.
func Start(t testing.TB, entries ...string) *Relay {
	t.Helper()
	r, _ := StartAndStop(t, entries...)
	return r
}

// StartAndStop is Start with a function that ends the relay before the test does. As
// SIGTERM does, it asks for an orderly end and does not wait for it.
func StartAndStop(t testing.TB, entries ...string) (r *Relay, stop func()) {
	t.Helper()
	c, err := config.Parse(append([]string{"FANTAIL_LISTEN=127.0.0.1:0", "FANTAIL_ADMIN_LISTEN=127.0.0.1:0", "FANTAIL_DRAIN_WINDOW=0"}, entries...)...)
	if err != nil {
		t.Fatal(err)
	}
	out := new(Output)
	o := serve.Options{Public: listen(t, c.Listen.Public), Admin: listen(t, c.Listen.Admin), Log: zerolog.New(out).Level(c.Log.Level), Out: out}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve.Run(ctx, c, o) }() // ended by stop
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the relay: %v", err)
		}
		if text := out.Text(); t.Failed() {
			t.Logf("the relay:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return At(t, out), stop
}

func listen(t testing.TB, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
