package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

// probed is what a probe found.
type probed struct {
	steps []driver.Step
	sink  *feedtest.Sink
	stats Stats
	err   error
}

// runProbe probes until n messages have come, or to the end of the probe.
func runProbe(t *testing.T, cfg Config, n int) probed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), peertest.Patience)
	defer cancel()
	p := probed{sink: feedtest.NewSink()}
	done := make(chan struct{})
	go func() { // ends with ctx
		defer close(done)
		p.stats, p.err = Probe(ctx, cfg, p.sink, func(s driver.Step) { p.steps = append(p.steps, s) })
	}()
	if n > 0 {
		p.sink.Wait(t, n)
		cancel()
	}
	<-done
	return p
}

// story returns the steps as words, with an ! behind one that failed.
func (p probed) story() string {
	var words []string
	for _, s := range p.steps {
		word := s.Kind.String()
		if s.Err != nil {
			word += "!"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// detail returns what was found at a step.
func (p probed) detail(kind driver.StepKind) string {
	for _, s := range p.steps {
		if s.Kind == kind {
			return s.Detail
		}
	}
	return ""
}

// secure serves a WebSocket that sends one message, over TLS. It returns its
// port and a client configuration that trusts it.
func secure(t *testing.T) (port string, trust *tls.Config) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, websocket.AcceptOptions{})
		if err != nil {
			return // the client gave up
		}
		defer c.CloseNow()
		feedtest.Write(c, hub.Text, "over TLS")
		feedtest.Stay(c)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	_, port, _ = net.SplitHostPort(srv.Listener.Addr().String())
	return port, &tls.Config{RootCAs: roots}
}

func TestProbeTellsEachStep(t *testing.T) {
	u := feedtest.Serve(t, websocket.AcceptOptions{Compress: true, Subprotocols: []string{"v1"}}, func(c *websocket.Conn, _ *http.Request) {
		for range 2 {
			_, r, err := c.Reader(context.Background())
			if err != nil {
				return
			}
			feedtest.Write(c, hub.Text, "you said "+feedtest.ReadString(r))
		}
		feedtest.Stay(c)
	})
	p := runProbe(t, Config{
		Sources:  Sources{URL: strings.Replace(u, "127.0.0.1", "localhost", 1)},
		Dialling: Dialling{Subprotocols: []string{"v1"}},
		Sending:  Sending{Frames: func() ([]string, error) { return []string{"a", "b"}, nil }},
	}, 2)
	if got, want := p.story(), "name tcp handshake send open"; got != want || p.err != nil {
		t.Fatalf("got %s, %v; want %s", got, p.err, want)
	}
	for kind, want := range map[driver.StepKind]string{
		driver.StepName:      "127.0.0.1",
		driver.StepTCP:       "connected to 127.0.0.1:",
		driver.StepHandshake: "101 Switching Protocols, subprotocol v1, permessage-deflate",
		driver.StepSend:      "2 sent, as Config.Sending.Frames says",
	} {
		if got := p.detail(kind); !strings.Contains(got, want) {
			t.Errorf("%v: got %q, want %q", kind, got, want)
		}
	}
	if p.stats.Messages != 2 || p.sink.Payloads()[0] != "you said a" {
		t.Errorf("got %+v, %q", p.stats, p.sink.Payloads())
	}
}

func TestProbeTLS(t *testing.T) {
	port, trust := secure(t)
	good := runProbe(t, Config{Sources: Sources{URL: "wss://127.0.0.1:" + port}, Dialling: Dialling{TLS: trust}}, 1)
	if got, want := good.story(), "tcp tls handshake open"; got != want || good.err != nil {
		t.Fatalf("got %s, %v; want %s", got, good.err, want)
	}
	for _, want := range []string{"TLS 1.3", "certificate for example.com", "days left"} {
		if got := good.detail(driver.StepTLS); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if until := time.Until(good.steps[1].Expires); until < 24*time.Hour {
		t.Errorf("the certificate expires in %v", until)
	}
	for host, want := range map[string]string{
		"localhost": "certificate is for other names; use one of them as host in Config.Sources.URL",
		"127.0.0.1": "an authority that this machine does not know",
	} {
		bad := runProbe(t, Config{Sources: Sources{URL: "wss://" + host + ":" + port}}, 0)
		if !strings.HasSuffix(bad.story(), "tcp tls!") || bad.err == nil || !strings.Contains(bad.err.Error(), want) {
			t.Errorf("%s: got %s, %v; want %s", host, bad.story(), bad.err, want)
		}
	}
}

func TestProbeFailsOnce(t *testing.T) {
	answering := func(code int) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(srv.Close)
		return strings.Replace(srv.URL, "http", "ws", 1)
	}
	open := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) { c.Close(1000, "enough") })
	missing := func() ([]string, error) { return nil, os.ErrNotExist }
	tests := []struct {
		name, story, want string
		cfg               Config
	}{
		{"nothing listens", "tcp!", "refuses connections", Config{Sources: Sources{URL: "ws://" + feedtest.Vacant}}},
		{"no such name", "name!", "nowhere.invalid", Config{Sources: Sources{URL: "ws://nowhere.invalid/"}}},
		{"401", "tcp handshake!", "Config.Dialling.Headers", Config{Sources: Sources{URL: answering(401)}}},
		{"no subprotocol", "tcp handshake handshake!", "Config.Dialling.Subprotocols", Config{Sources: Sources{URL: open}, Dialling: Dialling{Subprotocols: []string{"v9"}}}},
		{"settings", "settings!", "Config.Sending.Frames", Config{Sources: Sources{URL: open}, Sending: Sending{Frames: missing}}},
		{"closed at once", "tcp handshake open", "1000: enough", Config{Sources: Sources{URL: open}}},
		{"wrong URL", "", "unknown scheme", Config{Sources: Sources{URL: "gopher://x"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := runProbe(t, tt.cfg, 0)
			if p.story() != tt.story || p.err == nil || !strings.Contains(p.err.Error(), tt.want) {
				t.Errorf("got %q, %v; want %q, %s", p.story(), p.err, tt.story, tt.want)
			}
			for _, s := range p.steps {
				if s.Err != nil && !errors.Is(p.err, s.Err) {
					t.Errorf("the step says %v", s.Err)
				}
			}
		})
	}
}

func TestProbeLocalSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(file, []byte("1\ta\n2\tb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for _, cfg := range []Config{{Sources: Sources{URL: "replay:" + file}}, {Sources: Sources{URL: "stdin:"}, Stdin: strings.NewReader("a\nb\n")}} {
			p := runProbe(t, cfg, 0)
			if p.err != io.EOF || p.story() != "open" || fmt.Sprint(p.sink.Payloads()) != "[a b]" {
				t.Errorf("%s: got %s, %v, %q", cfg.Sources.URL, p.story(), p.err, p.sink.Payloads())
			}
		}
		if p := runProbe(t, Config{Sources: Sources{URL: "demo:"}}, 100); p.err != nil || p.story() != "open" {
			t.Errorf("demo: got %s, %v", p.story(), p.err)
		}
	})
}

func TestProbeHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: x\n\n")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	p := runProbe(t, Config{Sources: Sources{URL: srv.URL}}, 1)
	if p.story() != "tcp handshake open" || !strings.Contains(p.detail(driver.StepHandshake), "200 OK, text/event-stream, HTTP/1.1, no compression") {
		t.Errorf("got %s, %+v, %v", p.story(), p.steps, p.err)
	}
}
