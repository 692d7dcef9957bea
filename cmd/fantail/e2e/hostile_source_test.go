//go:build unix

package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// U1: the source is there and no longer says anything. A ping finds it out, only the
// strict health check tells it, and no client loses its connection.
func TestU1SourceFallsSilent(t *testing.T) {
	parallel(t)
	addr := nettest.FreeAddr(t)
	source := launch(t, "fantail", []string{"replay", ticks(t, 1000, 100, 10*time.Millisecond), "-loop", "-listen", addr})
	source.find(`(ws://)`)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=ws://"+addr+"/", "FANTAIL_SOURCE_WS_PING=2s")
	c := subscribeAll(t, 1, r.Addr, "/ws")[0]
	flows := func(when string) {
		t.Helper()
		c.conn.SetReadDeadline(time.Now().Add(time.Minute))
		for range 20 {
			if message, err := c.message(); err != nil || number(message) < 0 {
				t.Fatalf("%s: %.80q, %v", when, message, err)
			}
		}
	}
	flows("at first")
	unanswered := func() float64 { return r.Reconnects("ping") }
	before := unanswered()
	source.signal(syscall.SIGSTOP)
	stopped := time.Now()
	peertest.Eventually(t, "noticed by a ping", func() bool { return unanswered() > before })
	if took := time.Since(stopped); took > 20*time.Second { // TestU1WSPingUnanswered has the time to the second
		t.Errorf("noticed after %v, two pings are 4 s apart", took)
	}
	if strict, plain := r.Get("/readyz?source"), r.Get("/readyz"); !strings.Contains(strict, "not connected") || !strings.Contains(plain, "ready") {
		t.Errorf("/readyz?source says %q, /readyz says %q", strict, plain)
	}
	source.signal(syscall.SIGCONT)
	flows("again")
	if n := r.Metric(`fantail_clients{transport="ws"}`); n != 1 {
		t.Errorf("%v clients kept their connection", n)
	}
}
