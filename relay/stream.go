package relay

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"fantail/hub"
)

const (
	// streamInput is how much a client may send behind its request: it has
	// nothing to say.
	streamInput = 4 << 10
	// headTime bounds the writing of the response's head.
	headTime = 5 * time.Second
)

// serveSSE and serveStream make the connection a client of the hub that gets an
// HTTP response without end.
func (r *Relay) serveSSE(w http.ResponseWriter, req *http.Request) {
	r.serveStreamAs(w, req, r.sse)
}

func (r *Relay) serveStream(w http.ResponseWriter, req *http.Request) {
	r.serveStreamAs(w, req, r.ndjson)
}

// byVersion are a format's two shapes, by what the client's HTTP can do.
type byVersion struct{ chunked, plain *streamFormat }

func (r *Relay) serveStreamAs(w http.ResponseWriter, req *http.Request, formats byVersion) {
	format := formats.chunked
	if !req.ProtoAtLeast(1, 1) {
		format = formats.plain
	}
	if no := checkStreamForm(req); no != nil {
		r.refuseHTTP(w, req, no)
		return
	}
	a, no := r.admit(req, format, deflateParams{})
	if no != nil {
		r.refuseHTTP(w, req, no)
		return
	}
	conn, early, err := takeOver(w)
	if err == nil {
		err = r.writeHead(conn, req, format, a)
	}
	if err != nil {
		r.dismiss(a)
		r.log.Debug().Stringer("client", a.from).Err(err).Msg("stream not started")
		return
	}
	giveUpAfter(underTLS(conn), r.cfg.PeerTimeout)
	client, err := r.hub.Join(newSocket(conn, r.cfg.UnsentLimit), a.Options)
	if err != nil { // the hub is closed
		r.dismiss(a)
		conn.Close()
		return
	}
	s := &streamSession{relay: r, conn: conn, client: client, seat: a.seat, sent: early}
	go s.read() // ends when the connection is closed, which the hub sees to
}

func checkStreamForm(req *http.Request) *refusal {
	switch {
	case req.Method != http.MethodGet:
		return refusalf(refusedMethod, "use GET, not %.20s", req.Method)
	case req.ContentLength != 0 || len(req.TransferEncoding) > 0:
		return refusalf(refusedBody, "a request for a stream has no body")
	}
	return nil
}

// takeOver takes the connection from the HTTP server. early is how many bytes
// the client has sent behind its request.
func takeOver(w http.ResponseWriter) (c net.Conn, early int, err error) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, 0, err
	}
	return c, rw.Reader.Buffered(), nil
}

// writeHead writes the response's head. X-Accel-Buffering keeps nginx from
// collecting the stream before it passes it on.
func (r *Relay) writeHead(c net.Conn, req *http.Request, f *streamFormat, a admission) error {
	h := http.Header{
		"Content-Type": {f.contentType}, "Cache-Control": {"no-store"}, "X-Accel-Buffering": {"no"},
		"Fantail-Position": {r.hub.At(a.Start).String()}, "Connection": {"close"},
	}
	if f.chunked {
		h.Set("Transfer-Encoding", "chunked")
	}
	r.share(h, req)
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

// streamSession is the reading half of a stream: it notices the client's end.
type streamSession struct {
	relay  *Relay
	conn   net.Conn
	client *hub.Client
	seat   netip.Prefix
	sent   int // bytes that the client has sent behind its request
}

// read runs until the connection is at its end, closed by the client or by the
// hub, or until the client has said more than it should.
func (s *streamSession) read() {
	defer s.relay.clients.leave(s.seat)
	_, err := io.CopyN(io.Discard, s.conn, int64(max(0, streamInput-s.sent))+1)
	if err == nil {
		s.client.Leave(hub.Flood)
		io.CopyN(io.Discard, s.conn, lingerBytes)
	}
	s.client.Close()
	why, _ := s.client.Reason()
	s.relay.logLeave(s.client, why, err)
}
