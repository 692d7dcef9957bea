package websocket

//lint:file-ignore SA1019 The project keeps nhooyr.io/websocket v1.8.17 by decision; this file is its only importer.

import (
	"context"
	"errors"
	"io"
	"net/http"

	"nhooyr.io/websocket"

	"fantail/hub"
)

// Conn is one WebSocket connection. One goroutine at a time may call Reader. Any number
// of goroutines may call Write, Ping, Close and CloseNow.
type Conn struct {
	c     *websocket.Conn
	ended func() bool // set before the first Reader; may be nil
}

// DialOptions says how to dial a source.
type DialOptions struct {
	Client       *http.Client // nil is http.DefaultClient
	Header       http.Header
	Subprotocols []string
	Compress     bool // offer permessage-deflate with context takeover (RFC 7692)
}

// Dial performs the client's side of the opening handshake (RFC 6455 section 4.1) with
// a ws or wss URL. Beside an error it may return a response, whose body holds at most
// the first 1,024 bytes of the answer.
func Dial(ctx context.Context, url string, o DialOptions) (*Conn, *http.Response, error) {
	c, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient:      o.Client,
		HTTPHeader:      o.Header,
		Subprotocols:    o.Subprotocols,
		CompressionMode: mode(o.Compress),
	})
	if err != nil {
		return nil, resp, err
	}
	return &Conn{c: c}, resp, nil
}

// AcceptOptions says how to answer an opening handshake. The caller checks the Origin
// header: Accept lets every origin in.
type AcceptOptions struct {
	Subprotocols []string
	Compress     bool // take up an offer of permessage-deflate
}

// Accept performs the server's side of the opening handshake (RFC 6455 section
// 4.2). On an error it has already answered the request.
func Accept(w http.ResponseWriter, r *http.Request, o AcceptOptions) (*Conn, error) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       o.Subprotocols,
		InsecureSkipVerify: true,
		CompressionMode:    mode(o.Compress),
	})
	if err != nil {
		return nil, err
	}
	return &Conn{c: c}, nil
}

// SetEnded says what reports whether a read below the library has failed. The reader of a
// message asks it at the message's end; without it, a compressed message that the end of
// the connection cuts short reads as whole. It is set before the first Reader. The Conn
// holds the function, and all that it refers to, as long as the connection lasts.
func (c *Conn) SetEnded(ended func() bool) { c.ended = ended }

func mode(compress bool) websocket.CompressionMode {
	if compress {
		return websocket.CompressionContextTakeover
	}
	return websocket.CompressionDisabled
}

// SetReadLimit bounds the size of one message in bytes, after inflating. A
// longer one ends the connection with 1009. The library's own default is 32 KiB.
func (c *Conn) SetReadLimit(n int64) { c.c.SetReadLimit(n) }

// Reader waits for the next data message and answers control frames while it
// waits. The message must be read to its end before the next call. Once the returned
// reader has reported io.EOF or any other error, it reports that error for good. It
// reports io.EOF only after a whole message.
func (c *Conn) Reader(ctx context.Context) (kind hub.Kind, r io.Reader, err error) {
	defer recoverInto(&err)
	t, below, err := c.c.Reader(ctx)
	if err != nil {
		return hub.Text, nil, err
	}
	if t == websocket.MessageBinary {
		kind = hub.Binary
	}
	return kind, &message{r: below, ended: c.ended}, nil
}

// Write sends one message.
func (c *Conn) Write(ctx context.Context, kind hub.Kind, p []byte) error {
	t := websocket.MessageText
	if kind == hub.Binary {
		t = websocket.MessageBinary
	}
	return c.c.Write(ctx, t, p)
}

// Ping sends a ping and waits for its pong. Another goroutine must call Reader
// meanwhile.
func (c *Conn) Ping(ctx context.Context) error { return c.c.Ping(ctx) }

// Subprotocol returns the negotiated subprotocol, empty if there is none.
func (c *Conn) Subprotocol() string { return c.c.Subprotocol() }

// Close performs the closing handshake. It waits up to 5 s for each half, so it is for
// orderly ends only. The reason has at most 123 bytes.
func (c *Conn) Close(code uint16, reason string) error {
	return c.c.Close(websocket.StatusCode(code), reason)
}

// CloseNow drops the connection without a closing handshake.
func (c *Conn) CloseNow() error { return c.c.CloseNow() }

// CloseCode returns the code and reason of the peer's close frame that err
// carries, and whether it carries one.
func CloseCode(err error) (code uint16, reason string, ok bool) {
	ce, ok := errors.AsType[websocket.CloseError](err)
	return uint16(ce.Code), ce.Reason, ok
}
