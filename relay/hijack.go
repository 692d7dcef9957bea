package relay

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
)

const (
	// readBuffer is small, because clients send pongs and little else.
	readBuffer = 256
	// writeBuffer holds any control frame of a server, so that each frame reaches
	// netConn.Write in one piece.
	writeBuffer = 128
)

// hijacker gives the library our net.Conn when it takes the connection over, with
// buffers of our size instead of the HTTP server's.
type hijacker struct {
	http.ResponseWriter
	largest int64  // longest message that the client may send, bytes
	answer  string // the extension header of the response
	conn    *netConn
}

// WriteHeader adds to the response what the library cannot tell: which window the
// client was promised.
func (h *hijacker) WriteHeader(status int) {
	if h.answer != "" && status == http.StatusSwitchingProtocols {
		h.Header().Set("Sec-WebSocket-Extensions", h.answer)
	}
	h.ResponseWriter.WriteHeader(status)
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	hj, ok := h.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("relay: the HTTP server cannot give up its connection; serve HTTP/1.1")
	}
	c, rw, err := hj.Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	h.conn = newNetConn(c, bytes.Clone(early), h.largest)
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, readBuffer), bufio.NewWriterSize(h.conn, writeBuffer)), nil
}
