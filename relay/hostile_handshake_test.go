package relay

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/peertest"
)

// refusedHandshakes sends requests beside a healthy client and compares the
// status of each answer. One that is let in is closed again.
func refusedHandshakes(t *testing.T, c Config, requests []rawRequest) {
	t.Helper()
	_, h, addr := newTestRelay(t, flatHub, c)
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	for _, q := range requests {
		t.Run(q.name, func(t *testing.T) {
			p := upgrade(t, dialTCP(t, addr), strings.ReplaceAll(q.bytes, "HOST", addr))
			if p.status != q.status || q.status != 101 && (strings.Count(p.body, "\n") != 1 || len(p.body) > 300) {
				t.Errorf("got %d %q, want %d and a sentence", p.status, p.body, q.status)
			}
			if q.answer != "" && p.header.Get(q.answer) == "" {
				t.Errorf("the answer lacks %s", q.answer)
			}
		})
	}
}

// rawRequest is a handshake as it is sent, HOST standing for the relay's address.
type rawRequest struct {
	name   string
	bytes  string
	status int
	answer string // a header that the refusal must have
}

// asking builds a request: its first line without the version, and its lines.
func asking(what, lines string) string {
	return what + " HTTP/1.1\r\nHost: HOST\r\n" + lines + "\r\n"
}

// without returns the handshake's lines without one of them.
func without(header string) string {
	before, after, _ := strings.Cut(handshake, header)
	_, after, _ = strings.Cut(after, "\r\n")
	return before + after
}

// H2: requests that are no handshake (RFC 6455 section 4.2.1).
func TestH2NoHandshake(t *testing.T) {
	refusedHandshakes(t, Config{}, []rawRequest{
		{"POST", asking("POST /ws", handshake+"Content-Length: 0\r\n"), 405, "Allow"},
		{"PUT", asking("PUT /ws", handshake), 405, "Allow"},
		{"CONNECT", asking("CONNECT /ws", handshake), 405, "Allow"},
		{"PRI", asking("PRI /ws", handshake), 405, "Allow"},
		{"no Upgrade", asking("GET /ws", without("Upgrade: ")), 426, "Upgrade"},
		{"no Connection", asking("GET /ws", without("Connection: ")), 426, "Upgrade"},
		{"h2c", asking("GET /ws", strings.Replace(handshake, "websocket", "h2c", 1)), 426, "Upgrade"},
		{"no key", asking("GET /ws", without("Sec-WebSocket-Key: ")), 400, ""},
		{"short key", asking("GET /ws", without("Sec-WebSocket-Key: ")+"Sec-WebSocket-Key: c2hvcnQ=\r\n"), 400, ""},
		{"key of no base64", asking("GET /ws", without("Sec-WebSocket-Key: ")+"Sec-WebSocket-Key: !\r\n"), 400, ""},
		{"two keys", asking("GET /ws", handshake+"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400, ""},
		{"version 12", asking("GET /ws", strings.Replace(handshake, "13", "12", 1)), 400, "Sec-WebSocket-Version"},
		{"no version", asking("GET /ws", without("Sec-WebSocket-Version: ")), 400, "Sec-WebSocket-Version"},
		{"HTTP/1.0", "GET /ws HTTP/1.0\r\nHost: HOST\r\n" + handshake + "\r\n", 426, ""},
		{"absolute URI", asking("GET http://HOST/ws", handshake), 101, ""},
		{"mixed case", asking("GET /ws", strings.NewReplacer("Upgrade\r\n", "keep-alive, uPGRADE\r\n", "websocket\r\n", "WebSocket\r\n").Replace(handshake)), 101, ""},
	})
}

// H3: pages of foreign origins are refused; the same origin, and programs, which
// send none, are served.
func TestH3Origin(t *testing.T) {
	refusedHandshakes(t, Config{}, []rawRequest{
		{"foreign", asking("GET /ws", handshake+"Origin: https://evil.example\r\n"), 403, ""},
		{"null", asking("GET /ws", handshake+"Origin: null\r\n"), 403, ""},
		{"our name in theirs", asking("GET /ws", handshake+"Origin: https://HOST.evil.example\r\n"), 403, ""},
		{"our name as a user", asking("GET /ws", handshake+"Origin: https://HOST@evil.example\r\n"), 403, ""},
		{"foreign behind ours", asking("GET /ws", handshake+"Origin: https://evil.example\r\nOrigin: http://HOST\r\n"), 403, ""},
		{"the same", asking("GET /ws", handshake+"Origin: http://HOST\r\n"), 101, ""},
		{"none", asking("GET /ws", handshake), 101, ""},
	})
}

// H3: a page that knocks again and again fills no log, however long its name.
func TestH3OriginsDoNotFillTheLog(t *testing.T) {
	var log bytes.Buffer
	h := NewHub(hub.Config{})
	defer h.Close()
	r, err := New(Config{Hub: h, Log: zerolog.New(&log).Level(zerolog.InfoLevel)})
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		req := httptest.NewRequest("GET", "/ws", nil)
		req.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Origin": {"https://" + strings.Repeat("evil.", 2000)}}
		rec := httptest.NewRecorder()
		if r.Handler().ServeHTTP(rec, req); rec.Code != 403 {
			t.Fatal(rec.Code)
		}
	}
	if lines := bytes.Count(log.Bytes(), []byte("\n")); lines < 1 || lines > 20 || log.Len() > lines*600 {
		t.Errorf("%d lines of %d bytes were logged", lines, log.Len())
	}
}

// H4: headers of a legal size that hold too much of a thing.
func TestH4HeadersWithTooMuch(t *testing.T) {
	tokens := strings.Repeat("permessage-deflate, ", 10_000)
	began := time.Now()
	refusedHandshakes(t, Config{Access: Access{TrustedProxies: []string{"127.0.0.1"}}}, []rawRequest{
		{"10,000 extensions", asking("GET /ws", handshake+"Sec-WebSocket-Extensions: "+tokens+"x\r\n"), 101, ""},
		{"10,000 subprotocols", asking("GET /ws", handshake+"Sec-WebSocket-Protocol: "+tokens+"x\r\n"), 101, ""},
		{"10,000 connection options", asking("GET /ws", without("Connection: ")+"Connection: "+tokens+"upgrade\r\n"), 101, ""},
		{"10,000 lines", asking("GET /ws", handshake+strings.Repeat("X-Forwarded-For: 127.0.0.1\r\n", 10_000)), 101, ""},
		{"empty X-Forwarded-For", asking("GET /ws", handshake+"X-Forwarded-For: \r\n"), 101, ""},
		{"empty Forwarded", asking("GET /ws", handshake+"Forwarded: \r\n"), 101, ""},
		{"commas in Forwarded", asking("GET /ws", handshake+"Forwarded: "+strings.Repeat(",", 10_000)+"\r\n"), 101, ""},
		{"unknown parameters", asking("GET /ws?"+strings.Repeat("a&", 5000), handshake), 400, ""},
	})
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

// H5: a handshake has no body, and bytes that follow it are frames or nothing.
func TestH5BytesBehindTheHandshake(t *testing.T) {
	refusedHandshakes(t, Config{}, []rawRequest{
		{"body", asking("GET /ws", handshake+"Content-Length: 3\r\n") + "abc", 400, ""},
		{"chunked body", asking("GET /ws", handshake+"Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400, ""},
		{"two lengths", asking("GET /ws", handshake+"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400, ""},
		{"a body that never comes", asking("GET /ws", handshake+"Content-Length: 1000000\r\n"), 400, ""},
		{"expecting", asking("GET /ws", handshake+"Content-Length: 3\r\nExpect: 100-continue\r\n"), 400, ""},
	})
}

// H5: a request after a handshake is never answered, whether the handshake was refused
// or not.
func TestH5NoSecondRequest(t *testing.T) {
	_, h, addr := newTestRelay(t, flatHub, Config{})
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	defer w.check()
	second := "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	refused := dialTCP(t, addr)
	defer refused.Close()
	refused.SetDeadline(time.Now().Add(peertest.Patience))
	io.WriteString(refused, strings.ReplaceAll(asking("GET /ws", handshake+"Content-Length: 3\r\n"), "HOST", addr)+"abc"+second)
	r := bufio.NewReader(refused)
	if resp, err := http.ReadResponse(r, nil); err != nil || resp.StatusCode != 400 {
		t.Fatalf("%v, %v", resp, err)
	} else if rest, _ := io.ReadAll(resp.Body); strings.Contains(string(rest), "ok") {
		t.Errorf("answered %q", rest)
	}
	if rest, _ := io.ReadAll(r); len(rest) > 0 {
		t.Errorf("behind the refusal: %q", rest)
	}
	accepted := dial(t, addr, "/ws", handshake, second)
	defer accepted.conn.Close()
	accepted.wantClose(1002) // 'G' is no frame that a client may send
	peertest.Eventually(t, "counted", func() bool { return h.Stats().Leaves[hub.Protocol] == 1 })
}
