//go:build unix

package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// The first command of the README: the demo feed, and what to do next.
func TestFirstRun(t *testing.T) {
	parallel(t)
	r := servetest.Start(t)
	for _, want := range []string{"demo data", "feed     ws://127.0.0.1:", " tail ws://127.0.0.1:", "FANTAIL_SOURCE_URL=wss://"} {
		r.Find("(" + regexp.QuoteMeta(want) + ")")
	}
	s := subscribeAll(t, 1, r.Addr, "/ws")[0]
	if _, p, err := s.frame(); err != nil || !strings.Contains(string(p), `"demo":true`) {
		t.Errorf("first message: %.80q, %v", p, err)
	}
}

// Each fault tells the operator what to change.
func TestErrorsSayWhatToChange(t *testing.T) {
	parallel(t)
	unauthorized := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	t.Cleanup(unauthorized.Close) // behind the parallel cases
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }

	cases := []struct {
		name string
		env  []string
		code int // -1: it keeps running and logs
		want []string
	}{
		{"unknown scheme", []string{"FANTAIL_SOURCE_URL=gopher://x"}, 2, []string{"gopher", "wss:"}},
		{"no URL", []string{"FANTAIL_SOURCE_URL=stream.example.com"}, 2, []string{"FANTAIL_SOURCE_URL", "wss:"}},
		{"empty URL", []string{"FANTAIL_SOURCE_URL="}, 2, []string{"FANTAIL_SOURCE_URL", "demo:"}},
		{"nothing listens", []string{"FANTAIL_SOURCE_URL=ws://" + nettest.FreeAddr(t)}, -1, []string{"refuses connections"}},
		{"TLS with an unknown authority", []string{"FANTAIL_SOURCE_URL=wss://" + host(secure)}, -1, []string{"certificate"}},
		{"401", []string{"FANTAIL_SOURCE_URL=ws://" + host(unauthorized)}, -1, []string{"401", "FANTAIL_SOURCE_HEADERS"}},
		{"port taken", []string{"FANTAIL_LISTEN=" + taken.Addr().String()}, 1, []string{"FANTAIL_LISTEN", "taken"}},
		{"admin port taken", []string{"FANTAIL_ADMIN_LISTEN=" + taken.Addr().String()}, 1, []string{"FANTAIL_ADMIN_LISTEN", "taken"}},
		{"five bad variables", []string{"FANTAIL_RING_MESSAGES=-1", "FANTAIL_RING_BYTES=lots", "FANTAIL_STALL_TIMEOUT=soon",
			"FANTAIL_LOG_LEVEL=loud", "FANTAIL_LISSEN=:1"}, 2,
			[]string{"FANTAIL_RING_MESSAGES", "FANTAIL_RING_BYTES", "FANTAIL_STALL_TIMEOUT", "FANTAIL_LOG_LEVEL", "FANTAIL_LISSEN", "FANTAIL_LISTEN"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, "fantail", nil, append([]string{"FANTAIL_LISTEN=127.0.0.1:0", "FANTAIL_ADMIN_LISTEN=127.0.0.1:0"}, c.env...)...)
			if c.code >= 0 {
				if code := p.exit(peertest.Patience); code != c.code {
					t.Errorf("exit code %d, want %d", code, c.code)
				}
			}
			for _, want := range c.want {
				p.find("(?i)(" + want + ")")
			}
		})
	}
}
