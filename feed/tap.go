package feed

import (
	"io"
	"net/http"
	"sync/atomic"
)

// tap sits between the WebSocket library and the connection. It knows what the
// library does not tell: whether bytes still come, and whether they have ended.
type tap struct {
	io.ReadWriteCloser
	reads atomic.Uint64 // reads that brought bytes
	ended atomic.Bool   // a read failed, by the end of the connection or otherwise
}

// Read keeps an error that comes along with bytes for the next call: so ended
// is only set once the library asked for bytes that are not there.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.ReadWriteCloser.Read(p)
	if n > 0 {
		t.reads.Add(1)
		return n, nil
	}
	if err != nil {
		t.ended.Store(true)
	}
	return n, err
}

// tapTransport puts a tap into the connection of an accepted upgrade. It serves
// one handshake.
type tapTransport struct {
	base http.RoundTripper
	tap  *tap
}

// RoundTrip performs the handshake. Afterwards the response's body is the
// connection, by the contract of [http.Response].
func (t *tapTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return resp, err
	}
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok {
		t.tap = &tap{ReadWriteCloser: conn}
		resp.Body = t.tap
	}
	return resp, nil
}
