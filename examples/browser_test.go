//go:build unix

package examples

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
	"fantail/hub/skiptest"
	"fantail/relay"
)

// probe is a script in the page that reports to the test what the page shows.
const probe = `<script>
const errors = [];
addEventListener("error", e => errors.push(e.message));
addEventListener("unhandledrejection", e => errors.push(String(e.reason)));
setInterval(() => fetch("/probe", {method: "POST", body: JSON.stringify({
  state: document.getElementById("state").textContent,
  feed: document.getElementById("feed").textContent,
  errors})}), 20);
</script>`

// sight holds what the page shows.
type sight struct {
	State, Feed string
	Errors      []string
}

// site serves the page, and a relay that can be replaced by another.
type site struct {
	t          *testing.T
	relay      atomic.Pointer[http.Handler]
	sights     chan sight  // never closed
	handshakes chan string // the queries of WebSocket handshakes; never closed
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		page, err := os.ReadFile("browser/index.html")
		if err != nil {
			s.t.Error(err)
		}
		w.Write([]byte(strings.Replace(string(page), "<title>", probe+"<title>", 1)))
	case "/probe":
		var seen sight
		if err := json.NewDecoder(r.Body).Decode(&seen); err != nil {
			return // the page is going away
		}
		select {
		case s.sights <- seen:
		case <-r.Context().Done():
		case <-s.t.Context().Done():
		}
	case "/ws":
		s.handshakes <- r.URL.RawQuery
		(*s.relay.Load()).ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

// await waits until the page shows a sight that want accepts.
func (s *site) await(what string, ok func(sight) bool) {
	s.t.Helper()
	var last sight
	late := time.After(peertest.Patience)
	for {
		select {
		case last = <-s.sights:
			if len(last.Errors) > 0 {
				s.t.Fatalf("errors in the page: %q", last.Errors)
			}
			if ok(last) {
				return
			}
		case <-late:
			s.t.Fatalf("%s: not within %v; it shows %+v", what, peertest.Patience, last)
		}
	}
}

// handshake returns the query of the page's next connection.
func (s *site) handshake() string {
	s.t.Helper()
	select {
	case query := <-s.handshakes:
		return query
	case <-time.After(peertest.Patience):
		s.t.Fatalf("no connection within %v", peertest.Patience)
		return ""
	}
}

// newRelay puts a relay with an empty ring in the place of the site's.
func (s *site) newRelay() *relay.Hub {
	s.t.Helper()
	h := relay.NewHub(hub.Config{})
	s.t.Cleanup(func() { h.Close() })
	r, err := relay.New(relay.Config{Hub: h})
	if err != nil {
		s.t.Fatal(err)
	}
	handler := r.Handler()
	s.relay.Store(&handler)
	return h
}

// TestBrowser opens the page in Chromium, drains the relay under it, and has it
// resume at another one, which does not know its position.
func TestBrowser(t *testing.T) {
	browser := chromium(t)
	s := &site{t: t, sights: make(chan sight), handshakes: make(chan string, 8)}
	first := s.newRelay()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	open(t, browser, server.URL+"/?relay=ws"+strings.TrimPrefix(server.URL, "http")+"/ws")

	if query := s.handshake(); query != "" {
		t.Errorf("first handshake with %q, want no position", query)
	}
	s.await("an open connection", func(seen sight) bool { return seen.State == "connected" })
	first.Publish(hub.Input{Payload: []byte(`{"n":1} <b>`)})
	s.await("the first message", func(seen sight) bool { return strings.HasPrefix(seen.Feed, `{"n":1} <b>`+"\n") })

	second := s.newRelay()
	position := first.At(first.Live()).String()
	first.Drain(t.Context(), 100*time.Millisecond)
	if query := s.handshake(); query != "since="+position {
		t.Errorf("handshake behind a drain with %q, want since=%s", query, position)
	}
	if query := s.handshake(); query != "" { // the other relay answered 4410
		t.Errorf("handshake without a ring with %q, want no position", query)
	}
	peertest.Eventually(t, "the page has joined the other relay", func() bool { return second.Clients() == 1 }) // the page may still show the first
	second.Publish(hub.Input{Payload: []byte(`{"n":2}`)})
	s.await("the second message above the first", func(seen sight) bool {
		return seen.State == "connected" && strings.HasPrefix(seen.Feed, `{"n":2}`+"\n"+`{"n":1} <b>`)
	})
}

// chromium returns the file of a browser. Without one the test is left out, or
// fails where REQUIRE_BROWSER is set.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if file, err := exec.LookPath(name); err == nil {
			return file
		}
	}
	skiptest.Skip(t, "REQUIRE_BROWSER", "chromium (apt-get install chromium)", "the page in a browser")
	return ""
}

// open opens a page. The browser and all its processes end with the test.
func open(t *testing.T, browser, address string) {
	t.Helper()
	profile, err := os.MkdirTemp("", "fantail-browser-")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--user-data-dir="+profile, address)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		cancel()
		os.RemoveAll(profile)
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
		for late := time.Now().Add(peertest.Patience); os.RemoveAll(profile) != nil && time.Now().Before(late); {
			time.Sleep(10 * time.Millisecond) // one of its processes is still on its way out
		}
	})
}
