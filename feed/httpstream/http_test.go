package httpstream_test

import (
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/httpstream"
	"fantail/feed/internal/dial"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/nettest"
)

// streamer is a source that answers with a stream and keeps its history.
type streamer struct {
	kind   string // content type; empty = text/event-stream
	header map[string]string
	play   func(c *answer)

	mu       sync.Mutex
	requests []*http.Request // in order; guarded by mu
}

// answer is one answer of a streamer.
type answer struct {
	http.ResponseWriter
	Request *http.Request
	n       int // from 0
}

func (s *streamer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, r)
	s.mu.Unlock()
	w.Header().Set("Content-Type", cmp.Or(s.kind, "text/event-stream"))
	for name, value := range s.header {
		w.Header().Set(name, value)
	}
	s.play(&answer{w, r, n})
}

func (s *streamer) serve(t *testing.T) string {
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.URL + "/feed"
}

// asked returns the n-th request, once it is there.
func (s *streamer) asked(n int) *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[n]
}

// say writes and flushes.
func (a *answer) say(format string, args ...any) {
	fmt.Fprintf(a, format, args...)
	http.NewResponseController(a.ResponseWriter).Flush()
}

// stay waits until the client is gone.
func (a *answer) stay() { <-a.Request.Context().Done() }

// cut breaks the connection within the answer.
func (a *answer) cut() { panic(http.ErrAbortHandler) }

// driverOf returns the http driver of a URL.
func driverOf(t *testing.T, u string, o driver.Options) driver.Driver {
	t.Helper()
	o.URL = u
	d, err := httpstream.New(o.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// openHTTP opens one connection with the http driver.
func openHTTP(t *testing.T, u string, o driver.Options) (driver.Stream, error) {
	t.Helper()
	d := driverOf(t, u, o)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return d.Open(ctx)
}

// TestHTTPDial: Dialling.Dial opens the connections.
func TestHTTPDial(t *testing.T) {
	s := &streamer{play: func(a *answer) { a.say("data: x\n\n"); a.stay() }}
	address := strings.TrimSuffix(strings.TrimPrefix(s.serve(t), "http://"), "/feed")
	st, err := openHTTP(t, "http://feed.invalid/", driver.Options{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}})
	if err != nil {
		t.Fatal(err)
	}
	st.Close()
}

func TestHTTPEvents(t *testing.T) {
	long := strings.Repeat(`{"price":12.5},`, 50_000) // 750 kB
	s := &streamer{play: func(a *answer) {
		a.say(": hello\n\ndata: {\"a\":1}\n\nevent: update\ndata: one\ndata: two\n\n")
		a.say("data: %s\n\ndata: bad \xff\n\ndata\n\n", long)
		a.stay()
	}}
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: s.serve(t)}, Dialling: feed.Dialling{Headers: func() (http.Header, error) { return http.Header{"X-Key": {"k"}}, nil }}})
	got := r.Sink.Wait(t, 4)
	for i, want := range []string{`{"a":1}`, "one\ntwo", long, ""} {
		if got[i].Payload != want || got[i].Kind != hub.Text {
			t.Errorf("message %d: %v %.40q", i, got[i].Kind, got[i].Payload)
		}
	}
	if !slices.Equal(r.Sink.Keys, []string{"", "update", "", ""}) || r.Stats().Dropped[driver.DropNotUTF8] != 1 {
		t.Errorf("keys %q, %+v", r.Sink.Keys, r.Stats())
	}
	req := s.asked(0)
	if h := req.Header; h.Get("X-Key") != "k" || h.Get("User-Agent") != "fantail" || h.Get("Last-Event-Id") != "" ||
		!strings.Contains(h.Get("Accept"), "text/event-stream") || req.Method != "GET" {
		t.Errorf("asked with %v", h)
	}
}

func TestHTTPLines(t *testing.T) {
	for kind, fits := range map[string]bool{
		"application/x-ndjson": true, "application/x-ndjson; charset=utf-8": true, "application/jsonl": true, "application/json": true,
		"text/html": false, "text/plain": false, "": false, ";": false,
	} {
		s := &streamer{kind: kind, play: func(a *answer) {
			if kind == "" {
				a.Header()["Content-Type"] = nil
			}
			a.say("{\"a\":1}\n\r\n\n{\"b\":2}\r\n%s\n", `"`+strings.Repeat("x", 200)+`"`)
			a.say("{\"c\":3}\n{\"cut off\"")
			a.stay()
		}}
		if kind == "" {
			s.kind = ";"
		}
		st, err := openHTTP(t, s.serve(t), driver.Options{MaxMessage: 100})
		if !fits {
			feedtest.WantFailure(t, err, driver.ReasonHandshake, "text/event-stream", "x-ndjson", "Config.Sources.URL")
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for len(got) < 6 {
			switch ev, err := st.Next(); {
			case err != nil:
				t.Fatal(err)
			case ev.Kind == driver.KindDropped:
				got = append(got, ev.Drop.String())
			case ev.Kind == driver.KindMessage:
				got = append(got, string(ev.Message.Payload))
			default:
				got = append(got, ev.Kind.String())
			}
		}
		want := []string{`{"a":1}`, driver.KindSignOfLife.String(), driver.KindSignOfLife.String(), `{"b":2}`, driver.DropTooLarge.String(), `{"c":3}`}
		if !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
		st.Close()
	}
}

// TestHTTPResumes: a source that keeps history is cut at every place, within events and
// between them. No event is lost or comes twice.
func TestHTTPResumes(t *testing.T) {
	const last = 60
	s := &streamer{}
	s.play = func(a *answer) {
		from := 0
		fmt.Sscan(a.Request.Header.Get("Last-Event-Id"), &from)
		for i := from + 1; i <= last; i++ {
			text := fmt.Sprintf("id: %d\ndata: message %d\n\n", i, i)
			if i == from+3 && a.n < 25 {
				a.say("%s", text[:1+a.n%len(text)])
				a.cut()
			}
			a.say("%s", text)
		}
		a.stay()
	}
	sink := feedtest.NewSink()
	stop := feedtest.Follow(t, driverOf(t, s.serve(t), driver.Options{}), sink)
	for i, m := range sink.Wait(t, last) {
		if want := fmt.Sprintf("message %d", i+1); m.Payload != want {
			t.Fatalf("got %q, want %q", m.Payload, want)
		}
	}
	if n := stop()[driver.ReasonLost]; n < 20 {
		t.Errorf("%d cuts", n)
	}
}

func TestHTTPStatus(t *testing.T) {
	tests := []struct {
		code   int
		header string
		want   []string
		after  time.Duration
	}{
		{401, "", []string{"401 Unauthorized", "Config.Dialling.Headers"}, 0},
		{403, "", []string{"403 Forbidden", "Config.Dialling.Headers"}, 0},
		{404, "", []string{"404 Not Found", "path in Config.Sources.URL"}, 0},
		{429, "Retry-After: 17", []string{"429", "fewer connections"}, 17 * time.Second},
		{429, "Retry-After: 86400", []string{"429"}, dial.MaxRetryAfter},
		{503, "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT", []string{"503", "problem of its own"}, dial.MaxRetryAfter},
		{503, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", []string{"503"}, 0},
		{503, "Retry-After: soon", []string{"503"}, 0},
		{204, "", []string{"204 No Content", "not to come back"}, dial.MaxRetryAfter},
		{206, "", []string{"206", "no stream"}, 0},
		{302, "Location: https://elsewhere.example/?secret=1", []string{"302", "host elsewhere.example;"}, 0},
		{426, "Upgrade: websocket", []string{"426", "ws:// or wss://"}, 0},
	}
	for _, tt := range tests {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			name, value, _ := strings.Cut(tt.header, ": ")
			w.Header().Set(name, value)
			w.WriteHeader(tt.code)
		}))
		_, err := openHTTP(t, srv.URL+"?token=topsecret", driver.Options{})
		feedtest.WantFailure(t, err, driver.ReasonHandshake, tt.want...)
		if f, _ := errors.AsType[*driver.Failure](err); f.AtLeast != tt.after || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d, %s: to wait %v, want %v; %v", tt.code, tt.header, f.AtLeast, tt.after, err)
		}
		srv.Close()
	}
}

// TestHTTPRefusesWhatItAskedToResume: a source refuses an id that it no longer knows. It is
// not asked to go on from that id again.
func TestHTTPRefusesWhatItAskedToResume(t *testing.T) {
	s := &streamer{}
	s.play = func(a *answer) {
		switch {
		case a.Request.Header.Get("Last-Event-Id") != "":
			a.WriteHeader(http.StatusBadRequest)
		case a.n == 0:
			a.say("id: 1\ndata: a\n\n")
		default:
			a.say("id: 7\ndata: b\n\n")
			a.stay()
		}
	}
	var told []fantailv1.Notice
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: s.serve(t)}, Events: feed.Events{RelayNotice: func(n fantailv1.Notice) { told = append(told, n) }}})
	r.Sink.Wait(t, 2)
	r.Stop()
	if len(told) != 1 || !told[0].Unknown {
		t.Errorf("told %+v", told)
	}
}

func TestHTTPEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		play   func(*answer)
		reason driver.Reason
		word   string
	}{
		{"in order", func(a *answer) { a.say("retry: 3000\ndata: a\n\n") }, driver.ReasonClosed, "ended its answer"},
		{"cut", func(a *answer) { a.say("retry: 3000\ndata: a\n\ndata: b\n"); a.cut() }, driver.ReasonLost, "in the middle of the answer"},
		{"endless", func(a *answer) {
			a.say("retry: 3000\ndata: a\n\n")
			for a.Request.Context().Err() == nil {
				a.say("%s", strings.Repeat("x", 64<<10))
			}
		}, driver.ReasonTooLarge, "Config.Messages.MaxMessage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st, err := openHTTP(t, (&streamer{play: tt.play}).serve(t), driver.Options{MaxMessage: 1000})
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			if ev, err := st.Next(); err != nil || string(ev.Message.Payload) != "a" {
				t.Fatalf("%+v, %v", ev, err)
			}
			_, err = st.Next()
			feedtest.WantFailure(t, err, tt.reason, tt.word)
			if f, _ := errors.AsType[*driver.Failure](err); f.AtLeast != 3*time.Second {
				t.Errorf("to wait %v, retry said 3 s", f.AtLeast)
			}
		})
	}
}

// TestU2HTTPNeverAnswers: a source takes no connection, or takes it and says nothing. Neither
// holds up the opening for longer than its context lasts.
func TestU2HTTPNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent, full := nettest.NewPipes(), nettest.NewPipes()
		feedtest.ServeRawAt(t, silent, (*feedtest.RawConn).Deaf)
		for p, want := range map[*nettest.Pipes]driver.Reason{silent: driver.ReasonHandshake, full: driver.ReasonDial} {
			began := time.Now()
			_, err := openHTTP(t, "http://source/", driver.Options{Dial: p.Dial})
			feedtest.WantFailure(t, err, want, "within 10s")
			if took := time.Since(began); took != driver.HandshakeTimeout {
				t.Errorf("took %v, want %v", took, driver.HandshakeTimeout)
			}
		}
	})
}

func TestHTTPNetworkFailures(t *testing.T) {
	_, err := openHTTP(t, "http://"+feedtest.Vacant, driver.Options{})
	feedtest.WantFailure(t, err, driver.ReasonDial, "refuses connections", "Config.Sources.URL")
	u := feedtest.ServeRaw(t, func(*feedtest.RawConn) {}) // closes at once
	_, err = openHTTP(t, strings.Replace(u, "ws:", "http:", 1), driver.Options{})
	feedtest.WantFailure(t, err, driver.ReasonHandshake, "closed the connection", "https")
	_, err = openHTTP(t, "http://"+feedtest.Vacant, driver.Options{Headers: func() (http.Header, error) { return nil, io.ErrNoProgress }})
	feedtest.WantFailure(t, err, driver.ReasonConfig, "Config.Dialling.Headers")
}

// TestHTTPTLS: over TLS, in HTTP/1.1 and HTTP/2.
func TestHTTPTLS(t *testing.T) {
	for _, two := range []bool{false, true} {
		s := &streamer{play: func(a *answer) {
			a.say("data: over %s\n\n", a.Request.Proto)
			a.stay()
		}}
		srv := httptest.NewUnstartedServer(s)
		srv.EnableHTTP2 = two
		srv.Config.ErrorLog = feedtest.Quiet
		srv.StartTLS()
		defer srv.Close()
		roots := x509.NewCertPool()
		roots.AddCert(srv.Certificate())
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: srv.URL}, Dialling: feed.Dialling{TLS: &tls.Config{RootCAs: roots}}})
		want := map[bool]string{false: "over HTTP/1.1", true: "over HTTP/2.0"}[two]
		if got := r.Sink.Wait(t, 1)[0].Payload; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		r.Stop()
		_, err := openHTTP(t, srv.URL, driver.Options{TLS: &tls.Config{RootCAs: x509.NewCertPool()}})
		feedtest.WantFailure(t, err, driver.ReasonTLS, "authority")
		_, err = openHTTP(t, strings.Replace(srv.URL, "https", "http", 1), driver.Options{})
		feedtest.WantFailure(t, err, driver.ReasonHandshake, "400")
	}
}

// TestU3HTTPBomb: a compressed stream is inflated as it comes. A stream that inflates to a
// message without end is given up with bounded memory.
func TestU3HTTPBomb(t *testing.T) {
	s := &streamer{header: map[string]string{"Content-Encoding": "gzip"}}
	s.play = func(a *answer) {
		z := gzip.NewWriter(a)
		io.WriteString(z, "data: small\n\n")
		z.Flush()
		http.NewResponseController(a.ResponseWriter).Flush()
		if a.n == 0 {
			for a.Request.Context().Err() == nil {
				if _, err := z.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}
		a.stay()
	}
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: s.serve(t)}, Messages: feed.Messages{MaxMessage: 64 << 10}})
	r.Sink.Wait(t, 2)
	if got := r.Stats(); got.Reconnects[driver.ReasonTooLarge] != 1 {
		t.Errorf("got %+v", got)
	}
	if !slices.Equal(r.Sink.Payloads(), []string{"small", "small"}) {
		t.Errorf("got %q", r.Sink.Payloads())
	}
	other := &streamer{header: map[string]string{"Content-Encoding": "br"}, play: s.play}
	_, err := openHTTP(t, other.serve(t), driver.Options{})
	feedtest.WantFailure(t, err, driver.ReasonHandshake, `"br"`, "Accept-Encoding")
}

// TestU1HTTPWatchdog: the connection to a source that falls silent is ended. Comments and
// empty lines are signs of life.
func TestU1HTTPWatchdog(t *testing.T) {
	const idle = 500 * time.Millisecond
	for kind, says := range map[string]struct{ alive, message string }{
		"text/event-stream": {":\n", "data: 1\n\n"}, "application/x-ndjson": {"\n", "1\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := feedtest.ServePipes(t, &streamer{kind: kind, play: func(a *answer) {
				for range 10 {
					time.Sleep(idle / 5)
					a.say("%s", says.alive)
				}
				a.say("%s", says.message)
				a.stay()
			}})
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "http://source/"}, Dialling: feed.Dialling{Dial: p.Dial, IdleTimeout: idle}})
			r.Sink.Wait(t, 1)
			if n := r.Stats().Reconnects[driver.ReasonIdle]; n != 0 {
				t.Errorf("%s: left %d times while there were signs of life", kind, n)
			}
			r.Log.Wait(t, `"reason":"idle"`, "Config.Dialling.IdleTimeout")
			r.Sink.Wait(t, 2)
			r.Stop()
		})
	}
}

func TestHTTPURL(t *testing.T) {
	for u, want := range map[string]string{"https://": "names no host", "http:host": "names no host", "http://h:port/?token=hush": "is no URL"} {
		if _, err := httpstream.New(driver.Options{URL: u}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v, want %q", u, err, want)
		}
	}
}
