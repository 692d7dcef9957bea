package feedtest

import (
	"net/http"
	"testing"

	"fantail/hub/nettest"
)

// ServePipes serves HTTP within a bubble, and returns its listener.
func ServePipes(t *testing.T, h http.Handler) *nettest.Pipes {
	t.Helper()
	p, srv := nettest.NewPipes(), &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(p) }() // ended by Close
	t.Cleanup(func() { srv.Close(); <-done })
	return p
}
