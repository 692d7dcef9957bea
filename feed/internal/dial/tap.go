package dial

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// Tap is between the WebSocket library and the connection. It knows what the library does not tell:
// whether bytes still come, and whether they have ended. Read and Write each belong to one goroutine.
type Tap struct {
	io.ReadWriteCloser
	Reads atomic.Uint64 // reads that brought bytes
	ended atomic.Bool   // a read failed, by the end of the connection or otherwise

	limit    *rate.Limiter // charged with control frames; nil = none
	controls controls      // owned by Write, of which the library makes one call at a time
}

// Write passes bytes on. A control frame goes at once, because a pong must, and holds up later frames
// instead.
func (t *Tap) Write(p []byte) (int, error) {
	if t.limit != nil && t.limit.Limit() != rate.Inf {
		t.owe(t.controls.count(p))
	}
	return t.ReadWriteCloser.Write(p)
}

// maxDebt is how many control frames may hold up later frames. The limiter outlives the connection,
// so the effect of a flood of pings must be bounded.
const maxDebt = 16

// owe charges control frames to the limiter.
func (t *Tap) owe(frames int) {
	for range frames {
		if t.limit.Tokens() > -maxDebt {
			t.limit.Reserve()
		}
	}
}

// Read leaves an error that comes along with bytes for the next call. So ended is set only once the
// library asks for bytes that do not exist.
func (t *Tap) Read(p []byte) (int, error) {
	n, err := t.ReadWriteCloser.Read(p)
	if n > 0 {
		t.Reads.Add(1)
		return n, nil
	}
	if err != nil {
		t.ended.Store(true)
	}
	return n, err
}

// Transport performs one handshake, and puts a tap into its connection.
type Transport struct {
	base      *http.Transport
	connected atomic.Bool // there is a TCP connection
	Keep      func() bool // detaches the connection from the context; set once there is a connection
	limit     *rate.Limiter
	Tap       *Tap // set when the upgrade was accepted
}

// NewTransport returns a transport whose connection ends with ctx, until Keep is called. net/http
// alone goes on dialling, and waiting for TLS, after a request is given up (TestU2WSHandshakeTimeout
// in feed/ws).
func NewTransport(ctx context.Context, base *http.Transport, limit *rate.Limiter) *Transport {
	t := &Transport{base: base.Clone(), limit: limit}
	dial := base.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.base.DialContext = func(_ context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err == nil {
			t.Keep = context.AfterFunc(ctx, func() { conn.Close() })
			t.connected.Store(true)
		}
		return conn, err
	}
	return t
}

// Ended reports whether reading from the connection has failed, by its end or otherwise.
func (t *Transport) Ended() bool { return t.Tap != nil && t.Tap.ended.Load() }

// Cause returns the cause of a handshake's error: the end of its context, if that came first. net/http
// does not say how far the handshake got.
func (t *Transport) Cause(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == nil:
		return err
	case !t.connected.Load():
		return &net.OpError{Op: "dial", Net: "tcp", Err: context.Cause(ctx)}
	}
	return context.Cause(ctx)
}

// RoundTrip performs the handshake. Afterwards the response's body is the
// connection, by the contract of [http.Response].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return resp, err
	}
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok {
		t.Tap = &Tap{ReadWriteCloser: conn, limit: t.limit}
		resp.Body = t.Tap
	}
	return resp, nil
}

// NoRedirect follows no redirect, because our headers may hold secrets. ExplainAnswer tells the
// operator where it points.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
