package servetest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/serve"
	"fantail/hub/peertest"
)

// Relay is a relay at work within the process of a test.
type Relay struct {
	t testing.TB

	Addr  string // host:port of the clients' listener
	Admin string // host:port of the operator's

	mu  sync.Mutex
	log bytes.Buffer // guarded by mu
}

// Start starts a relay with the given NAME=value entries as its environment, at
// ports of its own choice. It ends with the test.
func Start(t testing.TB, entries ...string) *Relay {
	t.Helper()
	c, err := config.Parse(append([]string{"FANTAIL_DRAIN_WINDOW=0"}, entries...)...)
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{t: t}
	public, admin := listenLocally(t), listenLocally(t)
	r.Addr, r.Admin = public.Addr().String(), admin.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { // ended by stop
		ended <- serve.Run(ctx, c, serve.Options{Public: public, Admin: admin, Log: zerolog.New(r).Level(c.Log.Level)})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the relay: %v", err)
		}
		if t.Failed() {
			t.Logf("the relay:\n%s", r.Log())
		}
	})
	return r
}

func listenLocally(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Write takes the relay's log.
func (r *Relay) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

// Log returns what the relay has logged so far. Any goroutine may call it.
func (r *Relay) Log() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// Get returns what the operator's listener answers.
func (r *Relay) Get(path string) string {
	r.t.Helper()
	client := http.Client{Timeout: peertest.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + r.Admin + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

// Metric returns the value of a metric, zero if it is not there.
func (r *Relay) Metric(name string) float64 {
	r.t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)`).FindStringSubmatch(r.Get("/metrics"))
	if m == nil {
		return 0
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		r.t.Error(err)
	}
	return v
}
