package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"fantail/hub/websocket"
)

const (
	// handshakeTimeout bounds connecting, TLS and the opening handshake together.
	handshakeTimeout = 30 * time.Second

	// perAddress is the number of clients with one source address. A system has some
	// 28,000 ports for outgoing connections to one address.
	perAddress = 25000

	// stalledBuffer is the receive buffer in bytes of a client that never reads. The
	// system may make it larger.
	stalledBuffer = 2048
)

// dialer opens WebSocket connections to one endpoint.
type dialer struct {
	address string                  // host:port
	path    string                  // with query
	query   func(client int) string // the query of one client; nil is that of path
	format  Format
	deflate bool // offer compression
	host    string
	header  http.Header
	tls     *tls.Config // nil for ws
	send    []byte      // frames that follow the handshake
	spread  bool        // use more than one source address
}

func newDialer(c Config) (*dialer, error) {
	u, err := parseURL(c.URL, c.Format)
	if err != nil {
		return nil, err
	}
	d := &dialer{address: address(u), path: u.RequestURI(), query: c.Query, format: c.Format, deflate: c.Compress, host: u.Host, header: c.Header.Clone()}
	if host := d.header.Get("Host"); host != "" {
		d.host = host
		d.header.Del("Host")
	}
	if u.User != nil && d.header.Get("Authorization") == "" {
		password, _ := u.User.Password()
		if d.header == nil {
			d.header = http.Header{}
		}
		d.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	if u.Scheme == "wss" || u.Scheme == "https" {
		d.tls = &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: c.Insecure}
	}
	for _, text := range c.Send {
		d.send = appendMasked(d.send, websocket.OpText, []byte(text))
	}
	d.spread = c.Clients > perAddress && canSpread && isLoopback4(u.Hostname())
	return d, nil
}

// parseURL parses a URL that a client of the format can dial.
func parseURL(text string, f Format) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("load: %w; write an URL such as ws://localhost:8080/ws", errors.Unwrap(err))
	}
	if f == SSE && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" {
		return u, nil
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Hostname() == "" {
		return nil, errors.New("load: the URL has to begin with ws:// or wss:// and a host, such as ws://localhost:8080/ws")
	}
	return u, nil
}

func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443", "http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// isLoopback4 reports whether a host is on the IPv4 loopback interface, where 16 million
// addresses can be a connection's source.
func isLoopback4(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Is4() && a.IsLoopback()
}

// dial opens the connection of client i. Bytes that arrived after the server's
// handshake are returned as early.
func (d *dialer) dial(ctx context.Context, i int, stalled bool, since string) (conn net.Conn, early []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	nd := net.Dialer{KeepAlive: -1, Control: control(stalled, d.spread)}
	network := "tcp"
	if d.spread {
		network = "tcp4"
		nd.LocalAddr = &net.TCPAddr{IP: sourceAddress(i)}
	}
	if conn, err = nd.DialContext(ctx, network, d.address); err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	early, upgraded, err := d.open(ctx, conn, d.target(i, since))
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return upgraded, early, nil
}

// sourceAddress returns the address from which client i connects if one address is not
// enough: 127.0.0.2 and following.
func sourceAddress(i int) net.IP {
	k := 2 + i/perAddress
	return net.IPv4(127, 0, byte(k>>8), byte(k))
}

// open performs the TLS handshake if there is one and the opening handshake (RFC 6455
// section 4.1). Then it sends what follows them.
func (d *dialer) open(ctx context.Context, conn net.Conn, target string) (early []byte, upgraded net.Conn, err error) {
	if d.tls != nil {
		t := tls.Client(conn, d.tls)
		if err := t.HandshakeContext(ctx); err != nil {
			return nil, nil, err
		}
		conn = t
	}
	key := rand.Text()[:22] + "=="
	if _, err := conn.Write(d.request(key, target)); err != nil {
		return nil, nil, err
	}
	br := bufio.NewReader(conn)
	if err := d.checkResponse(br, key); err != nil {
		return nil, nil, err
	}
	if len(d.send) > 0 {
		if _, err := conn.Write(d.send); err != nil {
			return nil, nil, err
		}
	}
	early, _ = br.Peek(br.Buffered())
	return early, conn, nil
}

// request returns the client's side of the handshake.
func (d *dialer) request(key, target string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n", target, d.host)
	if d.format != SSE {
		fmt.Fprintf(&b, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n", key)
	}
	if d.format == Envelope {
		b.WriteString("Sec-WebSocket-Protocol: " + envelopes + "\r\n")
	}
	if d.deflate {
		b.WriteString("Sec-WebSocket-Extensions: " + compressionOffer + "\r\n")
	}
	d.header.Write(&b)
	b.WriteString("\r\n")
	return b.Bytes()
}

// target returns the path and query of client i, which resumes after a position if one
// is given.
func (d *dialer) target(i int, since string) string {
	if since == "" && d.query == nil {
		return d.path
	}
	u, err := url.ParseRequestURI(d.path)
	if err != nil {
		return d.path // cannot be: it came from a URL
	}
	if d.query != nil {
		u.RawQuery = d.query(i)
	}
	if since == "" {
		return u.String()
	}
	query := u.Query()
	query.Del("last")
	query.Del("snapshot")
	query.Set("since", since)
	u.RawQuery = query.Encode()
	return u.String()
}

// refused is an answer that refuses the handshake.
type refused struct{ status, body string }

func (r refused) Error() string {
	return strings.TrimSpace("the server answered HTTP " + r.status + " " + r.body)
}

// checkResponse reads the server's side of the handshake.
func (d *dialer) checkResponse(br *bufio.Reader, key string) error {
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		return fmt.Errorf("the answer to the handshake: %w", err)
	}
	want := http.StatusSwitchingProtocols
	if d.format == SSE {
		want = http.StatusOK
	}
	if resp.StatusCode != want {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		return refused{resp.Status, strings.ToValidUTF8(line, "")}
	}
	switch {
	case d.format == SSE && (!strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") || !slices.Contains(resp.TransferEncoding, "chunked")):
		return errors.New("the server's answer is no chunked stream of events")
	case d.format == SSE:
		return nil
	case d.format == Envelope && resp.Header.Get("Sec-WebSocket-Protocol") != envelopes:
		return errors.New("the server does not speak " + envelopes + "; leave -envelope away")
	}
	if resp.Header.Get("Sec-WebSocket-Accept") != websocket.AcceptKey(key) {
		return errors.New("the server's Sec-WebSocket-Accept is wrong: it does not speak WebSocket")
	}
	return checkExtensions(strings.Join(resp.Header["Sec-Websocket-Extensions"], ","), d.deflate)
}

// why returns in few words why a client could not connect. It leaves out what differs
// from client to client.
func why(err error) string {
	if r, ok := errors.AsType[refused](err); ok {
		return "HTTP " + r.status
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "timed out"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "closed during the handshake"
	}
	return err.Error()
}
