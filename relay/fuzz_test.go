package relay

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

// FuzzQuery: every request is refused with a short sentence, or has a start that Join can
// serve.
func FuzzQuery(f *testing.F) {
	const live = "k3v9q2mx-25"
	for _, seed := range []string{"", "since=" + live, "since=", "since=a&since=b", "sinse=x", "%zz", ";", "last=10&key=a&key=b*",
		"last=-1", "snapshot=1&policy=conflate", "snapshot=2", "policy=never", "since=" + live + "&last=1", "key=", "key=*",
		"since=k3v9q2mx-18446744073709551615", "since=%00", strings.Repeat("a&", 100), strings.Repeat("key=a&", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, refused := parseQuery(raw, "")
		if refused != nil {
			if refused.reason != refusedQuery || refused.sentence == "" || len(refused.sentence) > 300 {
				t.Errorf("refused as %v with %q", refused.reason, refused.sentence)
			}
			return
		}
		values, err := url.ParseQuery(raw)
		if err != nil {
			t.Errorf("taken although it is unreadable: %v", err)
		}
		for name, given := range values {
			switch name {
			case "since", "last", "snapshot", "policy":
				if len(given) != 1 {
					t.Errorf("%s is taken %d times", name, len(given))
				}
			case "key":
			default:
				t.Errorf("%q is taken", name)
			}
		}
		if since := values.Get("since"); q.since != nil && q.since.String() != since {
			t.Errorf("since is %v of %q", q.since, since)
		}
	})
}

// FuzzOrigin: an origin is let in only if its host is the relay's own or in the
// list, as a browser that wrote it would understand it.
func FuzzOrigin(f *testing.F) {
	p, err := newOriginPolicy([]string{"https://app.example.com", "*.wild.example", "any.example:8443"})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"https://relay.example", "null", "https://a.wild.example", "http://any.example:8443", "https://relay.example@evil.test",
		"https://evil.test#.wild.example", "//relay.example", "https://relay.example\\.evil.test", "https://[::1]", "a:relay.example", "https://evil.test/.wild.example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		if origin == "" || !p.allows(origin, "relay.example") {
			return
		}
		_, host, ok := strings.Cut(strings.ToLower(origin), "//")
		if end := strings.IndexAny(host, "/?#"); end >= 0 {
			host = host[:end]
		}
		if host = host[strings.LastIndex(host, "@")+1:]; !ok || host != "relay.example" && host != "app.example.com" && host != "any.example:8443" && !strings.HasSuffix(host, ".wild.example") {
			t.Errorf("%q is let in, its host is %q", origin, host)
		}
	})
}

// FuzzOriginPattern: a pattern that is accepted allows only pages whose host is, or
// ends in, what it says.
func FuzzOriginPattern(f *testing.F) {
	for _, seed := range []string{"https://app.example.com", "*.example.com", "example.com:8443", "http://[::1]:3000", "*", "https://*", "*.*", "*.", "https://a/b", "https://evil.invalid"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		p, err := newOriginPolicy([]string{pattern})
		if err != nil || pattern == "*" || !p.allows("https://evil.invalid", "relay.example") {
			return
		}
		host := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(pattern), "https://"), "*")
		if host == "" || !strings.HasSuffix("evil.invalid", host) {
			t.Errorf("%q lets https://evil.invalid in", pattern)
		}
	})
}

// FuzzHeaders: lists in headers are searched without a panic, and a token that
// is found stands there.
func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{"Upgrade", "keep-alive, upgrade", ",,upgrade ,", "up grade", "upgrade;q=1", "\"upgrade\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		if hasToken(http.Header{"Connection": {list}}, "Connection", "upgrade") && !strings.Contains(strings.ToLower(list), "upgrade") {
			t.Errorf("found in %q", list)
		}
	})
}

// F9: with all bytes of a client the reader ends, in time and without a panic. The relay
// answers whole frames up to one close frame, as a reader of the test's own judges. No
// goroutine is left (TestMain).
func FuzzF9ClientFrames(f *testing.F) {
	for _, seed := range [][]byte{
		peertest.ClientFrame(0x81, "text"), peertest.ClientFrame(0x82, "binary"), peertest.ClientFrame(0x89, "ping"), peertest.ClientFrame(0x8A, "pong"), peertest.ClientFrame(0x88, "\x03\xE8bye"),
		bytes.Join([][]byte{peertest.ClientFrame(0x01, "frag"), peertest.ClientFrame(0x89, "between"), peertest.ClientFrame(0x80, "mented")}, nil),
		frameOfLength(0x82, 1<<63), frameOfLength(0x82, 1<<64-1), frameOfLength(0x82, 65<<30), {0x81, 0xFE, 0xFF}, {0x89}, peertest.ClientFrame(0xC1, "rsv"), peertest.ClientFrame(0x83, ""),
		{0x81, 1, 'x'}, peertest.ClientFrame(0x88, "x"), peertest.ClientFrame(0x88, "\x03\xED"), bytes.Repeat(peertest.ClientFrame(0, ""), 100), peertest.ClientFrame(0x09, ""), closeInside(), []byte("GET / HTTP/1.1\r\n\r\n"),
	} {
		f.Add(seed, true, false)
		f.Add(seed, false, false)
		f.Add(seed, true, true)
	}
	h := NewHub(hub.Config{})
	defer h.Close()
	var relays [2]*Relay
	for mode := range relays {
		r, err := New(Config{Hub: h, Log: zerolog.Nop(), Uplink: Uplink{Mode: UplinkMode(mode), MaxMessage: 1000}})
		if err != nil {
			f.Fatal(err)
		}
		relays[mode] = r
	}
	f.Fuzz(func(t *testing.T, frames []byte, ignore, compressed bool) {
		r := relays[UplinkReject]
		if ignore {
			r = relays[UplinkIgnore]
		}
		c := newScript(frames)
		newTestSession(t, r, c, compressed).run()
		<-c.closed
		checkAnswer(t, c.answer())
	})
}

// script is the relay's end of a connection whose peer sends what the script
// says, closes its half, and takes every answer.
type script struct {
	net.Conn // the rest: deadlines and addresses
	in       *bytes.Reader
	closed   chan struct{}
	once     sync.Once

	mu  sync.Mutex
	out bytes.Buffer // guarded by mu
}

func newScript(in []byte) *script {
	c, _ := net.Pipe()
	return &script{Conn: c, in: bytes.NewReader(in), closed: make(chan struct{})}
}

func (s *script) Read(p []byte) (int, error) { return s.in.Read(p) }

// Write takes everything, but nothing after Close, as a socket would.
func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return 0, net.ErrClosed
	default:
		return s.out.Write(p)
	}
}

// answer returns what was written before Close.
func (s *script) answer() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.out.Bytes())
}

func (s *script) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

// takenOver lets a handshake take a connection over; its 101 is not of interest
// here.
type takenOver struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (o takenOver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return o.conn, bufio.NewReadWriter(bufio.NewReader(o.conn), bufio.NewWriter(o.conn)), nil
}

// upgradeRequest is a handshake as the HTTP server hands it on.
func upgradeRequest(target string) *http.Request {
	req := httptest.NewRequest("GET", target, nil)
	for line := range strings.SplitSeq(strings.TrimSpace(handshake), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	return req
}

// testSession is a session whose client has joined.
type testSession struct {
	*session
	held reservation
}

// run reads until the connection is at its end, as a client's goroutine does.
func (s testSession) run() { s.relay.read(s, s.conn.client, s.held) }

// newTestSession makes c a client, as the road does, with a compression of the
// library's if one is wanted.
func newTestSession(t *testing.T, r *Relay, c net.Conn, compress bool) testSession {
	req := upgradeRequest("/ws")
	req.Header.Set("Sec-WebSocket-Extensions", "permessage-deflate")
	hj := &hijacker{ResponseWriter: takenOver{httptest.NewRecorder(), c}, largest: r.uplink.largest}
	ws, err := websocket.Accept(hj, req, websocket.AcceptOptions{
		Compress: compress,
	})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetEnded(hj.conn.ended)
	ws.SetReadLimit(r.uplink.largest)
	s := testSession{session: &session{relay: r, conn: hj.conn, ws: ws}}
	g := grant{request: request{from: netip.MustParseAddr("192.0.2.1"), name: "test"}}
	var refused *refusal
	if s.held, refused = r.reserve(t.Context(), g); refused != nil {
		t.Fatal(refused.sentence)
	}
	if s.conn.client, err = s.held.join(newSocket(c, 0), g, r.hub.Live()); err != nil {
		t.Fatal(err)
	}
	return s
}

// checkAnswer reads what a relay wrote: pongs, and one close frame at the end.
// Frames' headers are checked by the peer.
func checkAnswer(t *testing.T, answer []byte) {
	p := &peer{t: t, r: bufio.NewReader(bytes.NewReader(answer))}
	for closed := false; ; {
		op, payload, err := p.frame()
		if err == io.EOF {
			return
		}
		if err != nil || closed || op != 8 && op != 10 || len(payload) > 125 || op == 8 && len(payload) == 1 {
			t.Fatalf("opcode %d, %d bytes, %v, behind a close frame: %v; the whole answer is % x", op, len(payload), err, closed, answer)
		}
		closed = op == 8
	}
}

// F9: a decoder that shares nothing with the encoder gets each message back, byte for
// byte.
func FuzzF9Encoder(f *testing.F) {
	for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536} {
		f.Add(bytes.Repeat([]byte("x"), n), n%2 == 0)
	}
	f.Fuzz(func(t *testing.T, payload []byte, binary bool) {
		kind, opcode := hub.Text, byte(1)
		if binary {
			kind, opcode = hub.Binary, 2
		}
		header := frameHeader(nil, kind, len(payload))
		if !bytes.Equal(append(header, payload...), websocket.AppendMessage(nil, kind, payload)) {
			t.Error("the lane's frame is not the message's")
		}
		p := &peer{t: t, r: bufio.NewReader(bytes.NewReader(append(header, payload...)))}
		p.want(opcode, string(payload))
		if _, _, err := p.frame(); err != io.EOF {
			t.Errorf("behind the frame: %v", err)
		}
	})
}
