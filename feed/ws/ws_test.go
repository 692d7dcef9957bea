package ws_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	"fantail/feed/ws"
	"fantail/hub"
	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

func TestWSRelaysKindsAndBytes(t *testing.T) {
	for _, compress := range []bool{false, true} {
		t.Run(fmt.Sprintf("compress=%v", compress), func(t *testing.T) {
			sent := []feedtest.Message{
				{Kind: hub.Text, Payload: `{"a":1}`},
				{Kind: hub.Binary, Payload: "\x00\xff\n"},
				{Kind: hub.Text, Payload: ""},
				{Kind: hub.Text, Payload: ":x PRIVMSG #y :é\r\nPING\r\n"},
				{Kind: hub.Text, Payload: strings.Repeat(`{"price":12.5},`, 50_000)}, // 750 kB
				{Kind: hub.Text, Payload: strings.Repeat("tail ", 100)},
			}
			var offered atomic.Value
			u := feedtest.Serve(t, websocket.AcceptOptions{Compress: compress}, func(c *websocket.Conn, r *http.Request) {
				offered.Store(r.Header.Get("Sec-WebSocket-Extensions"))
				for _, m := range sent {
					feedtest.Write(c, m.Kind, m.Payload)
				}
				feedtest.Stay(c)
			})
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
			got := r.Sink.Wait(t, len(sent))
			for i := range sent {
				if got[i].Kind != sent[i].Kind || got[i].Payload != sent[i].Payload {
					t.Errorf("message %d: got %v, %.60q", i, got[i].Kind, got[i].Payload)
				}
			}
			if ext, _ := offered.Load().(string); !strings.HasPrefix(ext, "permessage-deflate") {
				t.Errorf("offered the extensions %q", ext)
			}
			if s := r.Stats(); !s.Connected || s.Source != u || s.Messages != uint64(len(sent)) || s.Bytes < 750_000 {
				t.Errorf("got %+v", s)
			}
		})
	}
}

// TestWSSendIsEvaluatedAtEachConnect also checks headers, user, subprotocol and
// the order of the frames.
func TestWSSendIsEvaluatedAtEachConnect(t *testing.T) {
	u := feedtest.Serve(t, websocket.AcceptOptions{Subprotocols: []string{"v2"}}, func(c *websocket.Conn, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		feedtest.Write(c, hub.Text, strings.Join([]string{r.Header.Get("X-Key"), user, pass, c.Subprotocol()}, " "))
		for range 2 {
			_, frame, err := c.Reader(context.Background())
			if err != nil {
				return
			}
			feedtest.Write(c, hub.Text, feedtest.ReadString(frame))
		}
	})
	sends, heads := 0, 0
	r := feedrun.Start(t, feed.Config{
		Sources: feed.Sources{URL: strings.Replace(u, "://", "://bob:pw@", 1)},
		Dialling: feed.Dialling{Subprotocols: []string{"v1", "v2"}, Headers: func() (http.Header, error) {
			heads++
			return http.Header{"X-Key": {fmt.Sprint("key", heads)}}, nil
		}},
		Sending: feed.Sending{Frames: func() ([]string, error) {
			sends++
			return []string{fmt.Sprint("first ", sends), fmt.Sprint("second ", sends)}, nil
		}},
	})
	r.Sink.Wait(t, 6)
	want := []string{"key1 bob pw v2", "first 1", "second 1", "key2 bob pw v2", "first 2", "second 2"}
	if got := r.Sink.Payloads()[:6]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(r.Log.String(), "pw") || strings.Contains(r.Stats().Source, "bob") {
		t.Errorf("a secret shows in %q or\n%s", r.Stats().Source, r.Log)
	}
}

func TestWSSecretsThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	missing := func() error { _, err := os.ReadFile(filepath.Join(dir, "token")); return err }
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) { t.Error("connected") })
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Sending: feed.Sending{Frames: func() ([]string, error) { return nil, missing() }}})
	r.Log.Wait(t, `"reason":"config"`, "Config.Sending.Frames", "token")
	r = feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Dialling: feed.Dialling{Headers: func() (http.Header, error) { return nil, missing() }}})
	r.Log.Wait(t, `"reason":"config"`, "Config.Dialling.Headers", "token")
}

// TestU3WSOversizedMessage: a message that is too large is not published, and the feed goes
// on.
func TestU3WSOversizedMessage(t *testing.T) {
	for _, tt := range []struct {
		name     string
		size     int
		compress bool
	}{{"plain", 1001, false}, {"bomb", 10 << 20, true}} {
		t.Run(tt.name, func(t *testing.T) {
			var n atomic.Int32
			u := feedtest.Serve(t, websocket.AcceptOptions{Compress: tt.compress}, func(c *websocket.Conn, _ *http.Request) {
				feedtest.Write(c, hub.Text, strings.Repeat("y", 1000))
				if n.Add(1) == 1 {
					c.Write(context.Background(), hub.Text, []byte(strings.Repeat("x", tt.size)))
				}
				feedtest.Stay(c)
			})
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Messages: feed.Messages{MaxMessage: 1000}})
			r.Sink.Wait(t, 2)
			r.Log.Wait(t, `"reason":"too-large"`, "1000 bytes", "Config.Messages.MaxMessage")
			if slices.ContainsFunc(r.Sink.Payloads(), func(s string) bool { return strings.Contains(s, "x") }) {
				t.Error("a part of the oversized message was published")
			}
		})
	}
}

// TestU3WSNotUTF8: text on the wire that is not UTF-8 is dropped.
func TestU3WSNotUTF8(t *testing.T) {
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		feedtest.Write(c, hub.Text, "bad \xff")
		feedtest.Write(c, hub.Text, "good")
		feedtest.Stay(c)
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
	if got := r.Sink.Wait(t, 1)[0].Payload; got != "good" || r.Stats().Dropped[driver.DropNotUTF8] != 1 {
		t.Errorf("got %q, %+v", got, r.Stats())
	}
}

func TestWSIdle(t *testing.T) {
	var n atomic.Int32
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		feedtest.Write(c, hub.Text, fmt.Sprint(n.Add(1)))
		feedtest.Stay(c) // answers pings
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Dialling: feed.Dialling{IdleTimeout: 300 * time.Millisecond}})
	r.Sink.Wait(t, 2)
	r.Log.Wait(t, `"reason":"idle"`, "Config.Dialling.IdleTimeout")
}

func TestWSCloseByTheSource(t *testing.T) {
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		feedtest.Write(c, hub.Text, "a")
		c.Close(4003, "slow\x1b[31m consumer")
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
	r.Sink.Wait(t, 2)
	r.Log.Wait(t, `"reason":"closed"`, "closed the connection with 4003: slow [31m consumer")
}

// TestWSKilledAndBack: the source dies and another takes its port.
func TestWSKilledAndBack(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, websocket.AcceptOptions{})
		if err != nil {
			return
		}
		feedtest.Write(c, hub.Text, "a")
		feedtest.Stay(c)
		c.CloseNow()
	})
	var conns []net.Conn
	srv := &http.Server{Handler: handler, ConnState: func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns = append(conns, c)
		}
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l) // ended by Close
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "ws://" + l.Addr().String()}})
	r.Sink.Wait(t, 1)
	srv.Close()
	conns[0].Close()
	r.Log.Wait(t, `"reason":"dial"`, l.Addr().String()+" refuses connections")

	peertest.Eventually(t, "its port is free", func() bool { // another connection of this machine may have it
		again, err := net.Listen("tcp", l.Addr().String())
		if err == nil {
			l = again
		}
		return err == nil
	})
	back := &http.Server{Handler: handler}
	go back.Serve(l) // ended by Close
	defer back.Close()
	r.Sink.Wait(t, 2)
	r.Log.Wait(t, "source is back after")
	if s := r.Stats(); s.Outage == 0 || s.Reconnects[driver.ReasonLost] != 1 || s.Reconnects[driver.ReasonDial] == 0 {
		t.Errorf("got %+v", s)
	}
	r.Stop()
}

// TestWSLeavesWithACloseFrame: the end of Run closes with 1000.
func TestWSLeavesWithACloseFrame(t *testing.T) {
	code := make(chan uint16, 1)
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		feedtest.Write(c, hub.Text, "a")
		_, _, err := c.Reader(context.Background())
		n, _, _ := websocket.CloseCode(err)
		code <- n
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
	r.Sink.Wait(t, 1)
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	if got := <-code; got != 1000 {
		t.Errorf("the source saw the end as %d", got)
	}
}

// ending is a Publisher that ends the feed with the first message.
type ending struct{ end context.CancelFunc }

func (e ending) Publish(hub.Input) { e.end() }

// TestWSLeavesABusySourceWithACloseFrame: the reader sees the end of Run between two
// messages, before watch sees it. The source still gets a close frame.
func TestWSLeavesABusySourceWithACloseFrame(t *testing.T) {
	const times = 50
	code := make(chan uint16, times)
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		feedtest.Write(c, hub.Text, "a")
		_, _, err := c.Reader(context.Background())
		n, _, _ := websocket.CloseCode(err)
		code <- n
	})
	for range times {
		ctx, cancel := context.WithCancel(t.Context())
		f, err := feed.New(feed.Config{Sources: feed.Sources{URL: u}}, ending{cancel}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
		if got := <-code; got != 1000 {
			t.Fatalf("the source saw the end as %d", got)
		}
	}
}

func TestWSHTTPAnswers(t *testing.T) {
	tests := []struct {
		code int
		body string
		want []string
	}{
		{401, "{\"error\":\n\"no \x1b[31mkey\"}", []string{"answered 401 Unauthorized", `no [31mkey`, "Config.Dialling.Headers"}},
		{403, "", []string{"answered 403 Forbidden;", "Config.Dialling.Headers"}},
		{404, "nothing here", []string{"answered 404 Not Found", "nothing here", "path in Config.Sources.URL"}},
		{429, "", []string{"answered 429", "fewer connections"}},
		{200, "<html>" + strings.Repeat("x", 5000), []string{"answered 200 OK", "<html>xxx", "no WebSocket endpoint"}},
		{302, "", []string{"answered 302", "host elsewhere.example;", "Config.Sources.URL"}},
		{503, "", []string{"answered 503", "problem of its own"}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.code), func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.code == 302 {
					w.Header().Set("Location", "https://elsewhere.example/?secret=1")
				}
				w.WriteHeader(tt.code)
				w.Write([]byte(tt.body))
			}))
			defer srv.Close()
			_, err := openWS(t, feedtest.WSURL(srv.URL)+"?apikey=topsecret", driver.Options{})
			feedtest.WantFailure(t, err, driver.ReasonHandshake, tt.want...)
			if strings.Contains(err.Error(), "secret") {
				t.Error("the URL's secret shows")
			}
			if len(err.Error()) > 600 {
				t.Errorf("%d bytes of error", len(err.Error()))
			}
		})
	}
}

// openWS opens one connection with the ws driver.
func openWS(t *testing.T, u string, o driver.Options) (driver.Stream, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return openWSWithin(t, ctx, u, o)
}

func openWSWithin(t *testing.T, ctx context.Context, u string, o driver.Options) (driver.Stream, error) {
	t.Helper()
	o.URL = u
	d, err := ws.New(o.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return d.Open(ctx)
}

func TestWSSubprotocolMismatch(t *testing.T) {
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) { feedtest.Stay(c) })
	_, err := openWS(t, u, driver.Options{Subprotocols: []string{"v9"}})
	feedtest.WantFailure(t, err, driver.ReasonHandshake, "chose none", "v9", "Config.Dialling.Subprotocols")

	u = feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
		c.Upgrade("Sec-WebSocket-Protocol: v7\r\n")
	})
	_, err = openWS(t, u, driver.Options{})
	feedtest.WantFailure(t, err, driver.ReasonHandshake, `the subprotocol "v7"`, "Config.Dialling.Subprotocols")
}

func TestWSNetworkFailures(t *testing.T) {
	_, err := openWS(t, "ws://no-such-host.invalid/", driver.Options{})
	f, ok := errors.AsType[*driver.Failure](err)
	if !ok || f.Reason != driver.ReasonDial || !strings.Contains(err.Error(), "no-such-host.invalid") {
		t.Errorf("got %v", err)
	}
	_, err = openWS(t, "ws://"+feedtest.Vacant, driver.Options{})
	feedtest.WantFailure(t, err, driver.ReasonDial, feedtest.Vacant+" refuses connections", "Config.Sources.URL")

	u := feedtest.ServeRaw(t, func(*feedtest.RawConn) {}) // closes at once
	_, err = openWS(t, u, driver.Options{})
	feedtest.WantFailure(t, err, driver.ReasonHandshake, "closed the connection during the handshake", "wss")
}

func TestWSTLS(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := websocket.Accept(w, r, websocket.AcceptOptions{}); err == nil {
			feedtest.Write(c, hub.Text, "over TLS")
			feedtest.Stay(c)
			c.CloseNow()
		}
	})
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ErrorLog = feedtest.Quiet
	srv.StartTLS()
	defer srv.Close()
	trust := x509.NewCertPool()
	trust.AddCert(srv.Certificate())
	u := feedtest.WSURL(srv.URL)

	t.Run("good", func(t *testing.T) {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Dialling: feed.Dialling{TLS: &tls.Config{RootCAs: trust}}})
		if got := r.Sink.Wait(t, 1)[0].Payload; got != "over TLS" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("unknown authority", func(t *testing.T) {
		_, err := openWS(t, u, driver.Options{TLS: &tls.Config{RootCAs: x509.NewCertPool()}})
		feedtest.WantFailure(t, err, driver.ReasonTLS, "authority that this machine does not know")
	})
	t.Run("other name", func(t *testing.T) {
		_, err := openWS(t, u, driver.Options{TLS: &tls.Config{RootCAs: trust, ServerName: "other.test"}})
		feedtest.WantFailure(t, err, driver.ReasonTLS, "for other names", "other.test")
	})
	t.Run("expired", func(t *testing.T) {
		late := func() time.Time { return srv.Certificate().NotAfter.Add(time.Hour) }
		_, err := openWS(t, u, driver.Options{TLS: &tls.Config{RootCAs: trust, Time: late}})
		feedtest.WantFailure(t, err, driver.ReasonTLS, "out of date")
	})
	t.Run("version", func(t *testing.T) {
		_, err := openWS(t, u, driver.Options{TLS: &tls.Config{RootCAs: trust, MaxVersion: tls.VersionTLS10}})
		feedtest.WantFailure(t, err, driver.ReasonTLS, "no TLS with the source")
	})
	t.Run("plain source", func(t *testing.T) {
		plain := httptest.NewServer(handler)
		defer plain.Close()
		_, err := openWS(t, strings.Replace(feedtest.WSURL(plain.URL), "ws:", "wss:", 1), driver.Options{})
		feedtest.WantFailure(t, err, driver.ReasonTLS, "does not speak TLS", "ws://")
	})
	t.Run("plain client", func(t *testing.T) {
		_, err := openWS(t, strings.Replace(u, "wss:", "ws:", 1), driver.Options{})
		feedtest.WantFailure(t, err, driver.ReasonHandshake, "400", "HTTPS server")
	})
}

func TestWSURL(t *testing.T) {
	tests := []struct{ url, want string }{
		{"wss://", "names no host"},
		{"wss://:443/x", "names no host"},
		{"wss:host/x", "names no host"},
		{"wss://h/x#y", "fragment"},
		{"wss://h/x#", "fragment"},
		{"wss://h:port/?token=hush", "is no URL"},
		{"wss://h/%zz?token=hush", "is no URL"},
	}
	for _, tt := range tests {
		_, err := ws.New(driver.Options{URL: tt.url})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v, want %q", tt.url, err, tt.want)
		}
	}
}

// TestWSDialsAsTold: Dialling.Dial opens the connection.
func TestWSDialsAsTold(t *testing.T) {
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, r *http.Request) {
		feedtest.Write(c, hub.Text, r.Host)
		feedtest.Stay(c)
	})
	there := strings.TrimSuffix(strings.TrimPrefix(u, "ws://"), "/feed")
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "ws://feed.invalid/feed"}, Dialling: feed.Dialling{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "feed.invalid:80" {
			t.Errorf("asked for %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, there)
	}}})
	if got := r.Sink.Wait(t, 1)[0].Payload; got != "feed.invalid" {
		t.Errorf("got %q", got)
	}
}
