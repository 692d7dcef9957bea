// Package servetest runs relays within the process of a test.
//
// A relay in a test is the one that fantail serve runs, but for its environment and
// its listeners: both are handed in, so that tests can run side by side. What belongs
// to a process (signals, limits, descriptors, memory) needs a process.
package servetest

import (
	"context"
	"net"
	"testing"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/serve"
)

// Start runs a relay that has the given NAME=value entries as its environment, at
// ports that are free. It ends with the test, and takes no time for that unless a
// FANTAIL_DRAIN_WINDOW is among the entries.
func Start(t testing.TB, entries ...string) *Relay {
	t.Helper()
	r, _ := StartAndStop(t, entries...)
	return r
}

// StartAndStop is Start. Calling stop asks the relay for its orderly end, as SIGTERM
// does, and does not wait for it.
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
