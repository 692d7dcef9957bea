package relay

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"time"

	"fantail/hub"
	"fantail/hub/fantailv1"
)

const (
	// streamInput bounds what a client may send after its request, since there is
	// nothing to send.
	streamInput = 4 << 10
	// headTime bounds the writing of the response's head.
	headTime = 5 * time.Second
)

// stream is the transport of /sse and /stream: an HTTP response that does not end.
type stream struct {
	relay          *Relay
	chunked, whole format // for HTTP/1.1, and for HTTP/1.0
}

func (r *Relay) serveSSE(w http.ResponseWriter, req *http.Request) {
	r.serveClient(w, req, stream{r, formatSSE, formatSSEWhole})
}

func (r *Relay) serveStream(w http.ResponseWriter, req *http.Request) {
	r.serveClient(w, req, stream{r, formatNDJSON, formatNDJSONWhole})
}

// parse implements transport.
func (t stream) parse(req *http.Request, ask *request) *refusal {
	if ask.format = t.chunked; !req.ProtoAtLeast(1, 1) {
		ask.format = t.whole
	}
	return checkStreamForm(req)
}

// takeOver implements transport.
func (t stream) takeOver(w http.ResponseWriter, req *http.Request, g grant, at hub.Position) (connection, *refusal) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err == nil {
		err = t.writeHead(c, req, t.relay.encoders.plain[g.format].(*streamFormat), at)
	}
	if err != nil {
		return nil, refusalf(refusedHandshake, "the stream could not begin: %s", err)
	}
	giveUpAfter(underTLS(c), t.relay.sockets.PeerTimeout)
	return &streamSession{conn: c, relay: t.relay, sent: rw.Reader.Buffered()}, nil
}

// writeHead writes the head of the response. X-Accel-Buffering keeps nginx from
// collecting the stream before it passes it on.
func (t stream) writeHead(c net.Conn, req *http.Request, f *streamFormat, at hub.Position) error {
	h := http.Header{
		"Content-Type": {f.contentType}, "Cache-Control": {"no-store"}, "X-Accel-Buffering": {"no"},
		fantailv1.PositionHeader: {at.String()}, "Connection": {"close"},
	}
	if f.chunked {
		h.Set("Transfer-Encoding", "chunked")
	}
	t.relay.share(h, req)
	head := bytes.NewBufferString("HTTP/1.1 200 OK\r\n")
	h.Write(head)
	head.WriteString("\r\n")
	c.SetWriteDeadline(time.Now().Add(headTime))
	_, err := c.Write(head.Bytes())
	c.SetWriteDeadline(time.Time{})
	if err != nil {
		c.Close()
	}
	return err
}

// streamSession is the reading half of a stream. It notices the client's end.
type streamSession struct {
	relay *Relay
	conn  net.Conn
	sent  int // bytes that the client has sent after its request
}

func (s *streamSession) socket() hub.Conn { return newSocket(s.conn, s.relay.sockets.UnsentLimit) }

func (s *streamSession) abandon() {}

// read runs until the client or the hub closes the connection, or until the client has
// sent more than it may.
func (s *streamSession) read(c *hub.Client) error {
	_, err := io.CopyN(io.Discard, s.conn, int64(max(0, streamInput-s.sent))+1)
	if err == nil {
		c.Leave(hub.Flood)
		io.CopyN(io.Discard, s.conn, lingerBytes)
	}
	c.Close()
	return err
}
