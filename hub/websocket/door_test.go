package websocket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fantail/hub"
	"fantail/hub/peertest"
)

// serve answers handshakes on loopback and has do talk to each client.
func serve(t *testing.T, o AcceptOptions, do func(ctx context.Context, c *Conn)) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, o)
		if err != nil {
			return
		}
		defer c.CloseNow()
		do(r.Context(), c)
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// dial connects, and bounds all that the test does with the connection.
func dial(t *testing.T, url string, o DialOptions) (context.Context, *Conn, *http.Response) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), peertest.Patience)
	t.Cleanup(cancel)
	c, resp, err := Dial(ctx, url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return ctx, c, resp
}

// echo sends every message back as it came, up to 1 MiB each.
func echo(ctx context.Context, c *Conn) {
	c.SetReadLimit(1 << 20)
	for {
		kind, r, err := c.Reader(ctx)
		if err != nil {
			return
		}
		p, err := io.ReadAll(r)
		if err != nil || c.Write(ctx, kind, p) != nil {
			return
		}
	}
}

func TestRoundTrip(t *testing.T) {
	messages := []struct {
		kind    hub.Kind
		payload string
	}{
		{hub.Text, "hello"}, {hub.Binary, "\x00\xff"}, {hub.Text, ""}, {hub.Text, strings.Repeat("0123456789", 20_000)},
	}
	for name, compress := range map[string]struct{ offer, take bool }{
		"plain": {}, "compressed": {true, true}, "offered only": {true, false}, "not offered": {false, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, c, resp := dial(t, serve(t, AcceptOptions{Compress: compress.take}, echo), DialOptions{Compress: compress.offer})
			c.SetReadLimit(1 << 20)
			extension := resp.Header.Get("Sec-WebSocket-Extensions")
			if got, want := strings.Contains(extension, "permessage-deflate"), compress.offer && compress.take; got != want {
				t.Fatalf("extensions %q, want compression %v", extension, want)
			}
			for _, m := range messages {
				if err := c.Write(ctx, m.kind, []byte(m.payload)); err != nil {
					t.Fatal(err)
				}
				kind, r, err := c.Reader(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(r); kind != m.kind || string(got) != m.payload || err != nil {
					t.Fatalf("%s of %d bytes came back as %s of %d, %v", m.kind, len(m.payload), kind, len(got), err)
				}
			}
		})
	}
}

func TestHandshake(t *testing.T) {
	url := serve(t, AcceptOptions{Subprotocols: []string{"fantail.v1"}}, echo)
	_, c, _ := dial(t, url, DialOptions{
		Client:       &http.Client{},
		Header:       http.Header{"Origin": {"https://elsewhere.example"}}, // the caller's business
		Subprotocols: []string{"other", "fantail.v1"},
	})
	if got := c.Subprotocol(); got != "fantail.v1" {
		t.Errorf("subprotocol %q", got)
	}
}

func TestDialRefused(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, strings.Repeat("no entry ", 1000), http.StatusUnauthorized)
	}))
	defer s.Close()
	c, resp, err := Dial(t.Context(), s.URL, DialOptions{})
	if err == nil || c != nil || resp == nil || resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("%v, %v, %v; want the answer beside an error", c, resp, err)
	}
	if body, _ := io.ReadAll(resp.Body); len(body) != 1024 || !bytes.HasPrefix(body, []byte("no entry")) {
		t.Errorf("%d bytes of the answer, want the first 1,024", len(body))
	}
}

func TestAcceptRefuses(t *testing.T) {
	w := httptest.NewRecorder()
	if c, err := Accept(w, httptest.NewRequest("GET", "/", nil), AcceptOptions{}); err == nil || c != nil {
		t.Fatalf("%v, %v; want an error", c, err)
	}
	if w.Code != http.StatusUpgradeRequired {
		t.Errorf("answered %d, want 426", w.Code)
	}
}

func TestReadLimit(t *testing.T) {
	for _, compress := range []bool{false, true} {
		url := serve(t, AcceptOptions{Compress: compress}, func(ctx context.Context, c *Conn) {
			c.Write(ctx, hub.Text, make([]byte, 1001)) // inflates beyond the limit, if compressed
			c.Reader(ctx)
		})
		ctx, c, _ := dial(t, url, DialOptions{Compress: compress})
		c.SetReadLimit(1000)
		_, r, err := c.Reader(ctx)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err == nil {
			t.Errorf("compressed %v: a message over the limit was read", compress)
		}
	}
}

func TestCloseCode(t *testing.T) {
	url := serve(t, AcceptOptions{}, func(_ context.Context, c *Conn) { c.Close(4408, "slow; resume=k3v9q2mx-7") })
	ctx, c, _ := dial(t, url, DialOptions{})
	_, _, err := c.Reader(ctx)
	if code, reason, ok := CloseCode(err); code != 4408 || reason != "slow; resume=k3v9q2mx-7" || !ok {
		t.Errorf("%d, %q, %v from %v", code, reason, ok, err)
	}
	if code, reason, ok := CloseCode(io.EOF); code != 0 || reason != "" || ok {
		t.Errorf("%d, %q, %v from an error without a close frame", code, reason, ok)
	}
}

func TestPing(t *testing.T) {
	ctx, c, _ := dial(t, serve(t, AcceptOptions{}, echo), DialOptions{})
	ended := make(chan struct{})
	go func() { // ended by CloseNow
		defer close(ended)
		c.Reader(ctx)
	}()
	if err := c.Ping(ctx); err != nil {
		t.Error(err)
	}
	c.CloseNow()
	<-ended
}

// The first error of a message's reader is its last, and the library is not asked again.
func TestMessageErrorIsSticky(t *testing.T) {
	broken := errors.New("broken")
	for _, end := range []error{io.EOF, broken} {
		below := &endingReader{text: "abc", end: end}
		m := &message{r: below}
		got, err := io.ReadAll(m)
		if string(got) != "abc" || err != nil != (end == broken) {
			t.Errorf("read %q, %v", got, err)
		}
		reads := below.reads
		for range 3 {
			if n, err := m.Read(make([]byte, 8)); n != 0 || err != end {
				t.Errorf("after the end: %d bytes, %v; want none, %v", n, err, end)
			}
		}
		if below.reads != reads {
			t.Error("the library was asked again")
		}
	}
}

// endingReader reads a text, and then anything but what a reader after its end should.
type endingReader struct {
	text  string
	end   error
	reads int
}

func (r *endingReader) Read(p []byte) (int, error) {
	if r.reads++; r.reads > 1 {
		return copy(p, "of another"), nil
	}
	return copy(p, r.text), r.end
}
