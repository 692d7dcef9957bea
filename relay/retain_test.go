package relay

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/peertest"
)

// heldWriter is a ResponseWriter of the test's own, which can be seen to be let go.
type heldWriter struct{ http.ResponseWriter }

func (w *heldWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.ResponseWriter.(http.Hijacker).Hijack()
}

func (w *heldWriter) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

// A client that has joined holds nothing of its request. The HTTP server's buffers would
// cost more than the client itself.
func TestRequestIsLetGo(t *testing.T) {
	h := NewHub(hub.Config{})
	r, err := New(Config{Hub: h, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	requests, writers := make(chan weak.Pointer[http.Request], 1), make(chan weak.Pointer[heldWriter], 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		held := &heldWriter{w}
		requests <- weak.Make(req)
		writers <- weak.Make(held)
		r.Handler().ServeHTTP(held, req)
	}))
	t.Cleanup(func() {
		srv.Close()
		h.Hub().Close()
	})
	for path, lines := range map[string]string{
		"/ws":        handshake,
		"/ws?last=1": handshake + "Sec-WebSocket-Protocol: fantail.v1\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
		"/sse":       "", "/stream": "",
	} {
		t.Run(path, func(t *testing.T) {
			c := dialTCP(t, srv.Listener.Addr().String())
			io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: relay\r\n"+lines+"\r\n")
			if answer, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(answer, " 101 ") && !strings.Contains(answer, " 200 ") {
				t.Fatalf("answered with %q, %v", answer, err)
			}
			req, w := <-requests, <-writers
			peertest.Eventually(t, "the request and its ResponseWriter are let go", func() bool {
				runtime.GC()
				return req.Value() == nil && w.Value() == nil
			})
		})
	}
}
