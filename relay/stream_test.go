package relay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
)

// ask sends a GET of HTTP/1.1 or 1.0 and reads the head of the answer.
func ask(t testing.TB, addr, path, version, lines string) (net.Conn, *http.Response) {
	t.Helper()
	c := dialTCP(t, addr)
	c.SetDeadline(time.Now().Add(2 * peertest.Patience))
	fmt.Fprintf(c, "GET %s HTTP/%s\r\nHost: %s\r\n%s\r\n", path, version, addr, lines)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, resp
}

// line is an envelope or a notice.
type line struct {
	Notice, Pos, From, Key, Reason string
	Missed                         *uint64
	Data                           json.RawMessage
}

func (l line) String() string {
	if l.Notice != "" {
		return l.Notice
	}
	return string(l.Data)
}

// readLines reads n lines of a stream.
func readLines(t testing.TB, r *bufio.Reader, n int) (lines []line) {
	t.Helper()
	for range n {
		text, err := r.ReadString('\n')
		var l line
		if err == nil {
			err = json.Unmarshal([]byte(text), &l)
		}
		if err != nil {
			t.Fatalf("behind %v: %q: %v", lines, text, err)
		}
		lines = append(lines, l)
	}
	return lines
}

func publishJSON(h *hub.Hub, from, to int) {
	for i := from; i <= to; i++ {
		h.Publish(hub.Input{Key: fmt.Sprintf("k%d", i%3), Payload: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
}

// Go's own client reads both streams up to an orderly end.
func TestStreamsThroughAnHTTPClient(t *testing.T) {
	for _, path := range []string{"/stream", "/sse"} {
		t.Run(path, func(t *testing.T) {
			_, h, addr := newTestRelay(t, hub.Config{}, Config{})
			publishJSON(h, 1, 3)
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			resp, err := client.Get("http://" + addr + path + "?last=2")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if at := resp.Header.Get("Fantail-Position"); at != h.Position(1).String() || resp.Header.Get("X-Accel-Buffering") != "no" || !resp.Close {
				t.Errorf("position %q, header %v", at, resp.Header)
			}
			peertest.Eventually(t, "delivered", func() bool { return h.Stats().Deliveries == 2 })
			go h.Drain(t.Context(), time.Second) // ends when the client has gone
			body, err := io.ReadAll(resp.Body)
			first, second := strings.Index(string(body), `{"n":2}`), strings.Index(string(body), `{"n":3}`)
			last := strings.Index(string(body), `{"notice":"draining","pos":"`+h.Position(3).String())
			if err != nil || strings.Contains(string(body), `{"n":1}`) || first < 0 || first > second || second > last {
				t.Errorf("%v behind %q", err, body)
			}
		})
	}
}

// A frame that is cut is an error to the client, never an end.
func TestCutStreamIsAnError(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{Sockets: Sockets{UnsentLimit: 4096}})
	c, resp := ask(t, addr, "/stream", "1.1", "")
	peertest.Eventually(t, "joined", func() bool { return h.Clients() == 1 })
	readLines(t, bufio.NewReader(resp.Body), 1)
	c.(*net.TCPConn).SetLinger(0)
	h.Publish(hub.Input{Payload: bytes.Repeat([]byte("x"), 4<<20)}) // more than the sockets take
	peertest.Eventually(t, "stuck", func() bool { return h.Stats().Drainers == 1 })
	go h.Close() // ends with the hub's goroutines
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("a cut stream looks like its end")
	}
}

// HTTP/1.0 knows no chunks: the lines come bare, and the end is the end.
func TestStreamForHTTP10(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{})
	publishJSON(h, 1, 2)
	_, resp := ask(t, addr, "/stream?last=2", "1.0", "")
	if len(resp.TransferEncoding) > 0 || resp.ContentLength != -1 {
		t.Errorf("transfer %v, length %d", resp.TransferEncoding, resp.ContentLength)
	}
	go h.Drain(t.Context(), time.Second) // ends when the client has gone
	body, err := io.ReadAll(resp.Body)
	if lines := strings.Split(string(body), "\n"); err != nil || len(lines) != 5 || !strings.Contains(lines[3], "draining") || lines[4] != "" {
		t.Errorf("%v: %q", err, body)
	}
}

// What a client sends after its request is bounded, and its end is noticed. Both give
// the seat back.
func TestStreamInput(t *testing.T) {
	for name, tt := range map[string]struct {
		send int
		why  hub.Reason
	}{
		"end of file": {0, hub.Left},
		"a little":    {streamInput, hub.Left},
		"too much":    {streamInput + 1, hub.Flood},
	} {
		t.Run(name, func(t *testing.T) {
			r, h, addr := newTestRelay(t, hub.Config{}, Config{Limits: Limits{Clients: 1}})
			c, _ := ask(t, addr, "/sse", "1.1", "")
			peertest.Eventually(t, "joined", func() bool { return h.Clients() == 1 })
			c.Write(make([]byte, tt.send))
			if tt.why == hub.Left {
				c.(*net.TCPConn).CloseWrite()
			}
			if tt.why == hub.Flood {
				if rest, _ := io.ReadAll(c); !strings.Contains(string(rest), `"reason":"flood"`) {
					t.Errorf("the end is %q", rest)
				}
				c.Close()
			}
			peertest.Eventually(t, "left", func() bool { return h.Stats().Leaves[tt.why] == 1 })
			peertest.Eventually(t, "the seat is free", func() bool {
				r.clients.mu.Lock()
				defer r.clients.mu.Unlock()
				return r.clients.taken == 0
			})
		})
	}
}

// Refusals are HTTP, and cost neither seat nor lane.
func TestStreamRefusals(t *testing.T) {
	r, _, addr := newTestRelay(t, hub.Config{MaxLanes: 1}, Config{Limits: Limits{Clients: 2}})
	for _, tt := range []struct {
		path, lines string
		status      int
		sentence    string
	}{
		{"/sse?since=x", "", 400, "parameter since"},
		{"/stream?policy=conflate", "", 400, "no snapshot"},
		{"/sse", "Last-Event-ID: 7\r\n", 400, "header Last-Event-ID"},
		{"/stream", "Content-Length: 2\r\n", 400, "has no body"},
		{"/stream", "Origin: https://evil.example\r\n", 403, "origin"},
		{"/snapshot", "", 404, "keeps no snapshot"},
		{"/snapshot?last=3", "", 400, "no parameter but key"},
		{"/snapshot", "Origin: https://evil.example\r\n", 403, "origin"},
	} {
		_, resp := ask(t, addr, tt.path, "1.1", tt.lines)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != tt.status || !strings.Contains(string(body), tt.sentence) {
			t.Errorf("%s: %d %q, want %d with %q", tt.path, resp.StatusCode, body, tt.status, tt.sentence)
		}
	}
	if r.clients.taken != 0 {
		t.Errorf("%d seats are taken", r.clients.taken)
	}
	ask(t, addr, "/stream?key=a", "1.1", "")
	_, resp := ask(t, addr, "/stream?key=b", "1.1", "")
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 503 || !strings.Contains(string(body), "different filters") || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a second filter: %d %q", resp.StatusCode, body)
	}
	if _, resp = ask(t, addr, "/stream?key=a", "1.1", ""); resp.StatusCode != 200 {
		t.Errorf("the first filter again: %d", resp.StatusCode)
	}
}

// A page that may connect may also read.
func TestStreamsForOtherOrigins(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{Snapshot: hub.SnapshotSize{Keys: 1}}, Config{Access: Access{AllowedOrigins: []string{"https://app.example"}}})
	publishJSON(h, 1, 1)
	for _, path := range []string{"/sse", "/stream", "/snapshot"} {
		_, resp := ask(t, addr, path, "1.1", "Origin: https://app.example\r\n")
		if h := resp.Header; h.Get("Access-Control-Allow-Origin") != "https://app.example" || h.Get("Access-Control-Expose-Headers") != "Fantail-Position, Retry-After" || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", path, h)
		}
		if _, resp := ask(t, addr, path, "1.1", ""); resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: an origin that nobody asked for", path)
		}
	}
}

// The sentence of a refusal is for a page that may connect too, and for no other.
func TestRefusalsForOtherOrigins(t *testing.T) {
	_, _, addr := newTestRelay(t, hub.Config{}, Config{Access: Access{AllowedOrigins: []string{"https://app.example"}}})
	for _, path := range []string{"/sse?since=x", "/stream?last=0", "/snapshot", "/ws"} {
		for origin, allowed := range map[string]string{
			"https://app.example": "https://app.example", "http://" + addr: "http://" + addr, "https://evil.example": "",
		} {
			_, resp := ask(t, addr, path, "1.1", "Origin: "+origin+"\r\n")
			h := resp.Header
			if resp.StatusCode < 400 || h.Get("Access-Control-Allow-Origin") != allowed || h.Get("Vary") != "Origin" || h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s for %s: %d, %v", path, origin, resp.StatusCode, h)
			}
			if exposed := h.Get("Access-Control-Expose-Headers"); (exposed == "Fantail-Position, Retry-After") != (allowed != "") {
				t.Errorf("%s for %s exposes %q", path, origin, exposed)
			}
		}
	}
}

// The newest message of each key, its position, and everything after it: no hole, no
// repeat.
func TestSnapshotAndThenAStream(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{Snapshot: hub.SnapshotSize{Keys: 10}}, Config{})
	publishJSON(h, 1, 8) // k1, k2, k0, …
	peertest.Eventually(t, "in the snapshot", func() bool { _, at := h.Snapshot(nil); return at.Seq == 8 })
	_, resp := ask(t, addr, "/snapshot?key=k1&key=k2", "1.1", "Connection: close\r\n")
	got := readLines(t, bufio.NewReader(resp.Body), 2)
	at := resp.Header.Get("Fantail-Position")
	if fmt.Sprint(got) != `[{"n":7} {"n":8}]` || at != h.Position(8).String() || got[0].Key != "k1" || got[0].Pos != h.Position(7).String() {
		t.Errorf("%v at %s", got, at)
	}
	publishJSON(h, 9, 12)
	_, resp = ask(t, addr, "/stream?key=k1&key=k2&since="+at, "1.1", "")
	if got := readLines(t, bufio.NewReader(resp.Body), 3); fmt.Sprint(got) != `[hello {"n":10} {"n":11}]` {
		t.Errorf("behind it: %v", got)
	}
	peertest.Eventually(t, "in the snapshot too", func() bool { _, at := h.Snapshot(nil); return at.Seq == 12 })
	_, resp = ask(t, addr, "/stream?snapshot=1", "1.1", "")
	if at := resp.Header.Get("Fantail-Position"); at != h.Position(9).String() {
		t.Errorf("with the snapshot first it begins at %s, want what is before message 10", at)
	}
	if got := readLines(t, bufio.NewReader(resp.Body), 4); fmt.Sprint(got) != `[hello {"n":10} {"n":11} {"n":12}]` || got[0].Pos != h.Position(9).String() {
		t.Errorf("both at once: %v", got)
	}
}

// A position that is gone: the gap is told, with its extent, and everything that is
// held follows.
func TestGoneStream(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{Ring: hub.RingSize{Messages: 4}}, Config{})
	publishJSON(h, 1, 10)
	_, resp := ask(t, addr, "/stream?since="+h.Position(2).String(), "1.1", "")
	got := readLines(t, bufio.NewReader(resp.Body), 6)
	if fmt.Sprint(got) != `[hello gap {"n":7} {"n":8} {"n":9} {"n":10}]` || *got[1].Missed != 4 || got[1].From != h.Position(2).String() || got[1].Pos != h.Position(6).String() {
		t.Errorf("%v, gap %+v", got, got[1])
	}
	if at := resp.Header.Get("Fantail-Position"); at != got[0].Pos || at != h.Position(2).String() {
		t.Errorf("it begins at %s, hello says %s: whoever breaks off before the gap was told must be told again", at, got[0].Pos)
	}
}

// The subprotocol makes a WebSocket carry envelopes, and is in the response.
func TestSubprotocol(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{})
	publishJSON(h, 1, 1)
	for offer, taken := range map[string]bool{"": false, "other": false, "fantail.v1": true, "other, fantail.v1": true, "fantail.v2": false, "FANTAIL.V1": true} {
		lines := handshake
		if offer != "" {
			lines += "Sec-WebSocket-Protocol: " + offer + "\r\n"
		}
		p := dial(t, addr, "/ws?last=1", lines, "")
		answered := strings.EqualFold(p.header.Get("Sec-WebSocket-Protocol"), "fantail.v1")
		_, got, err := p.frame()
		if enveloped := strings.Contains(string(got), `"notice":"hello"`); err != nil || enveloped != taken || answered != taken {
			t.Errorf("offer %q: answered %v, got %q, %v", offer, answered, got, err)
		}
	}
}
