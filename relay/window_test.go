package relay

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"
)

// window is a client's inflater: with context takeover if it keeps.
type window struct {
	keeps bool
	r     io.Reader
	in    bytes.Buffer
	past  []byte // the last 32 KiB that came compressed
}

// inflate returns the message that a frame's payload stands for (RFC 7692 section
// 7.2.2).
func (w *window) inflate(payload []byte) ([]byte, error) {
	w.in.Reset()
	w.in.Write(payload)
	w.in.WriteString(flushTail)
	if !w.keeps {
		w.past = nil
	}
	if w.r == nil {
		w.r = flate.NewReaderDict(&w.in, w.past)
	} else {
		w.r.(flate.Resetter).Reset(&w.in, w.past)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(w.r); err != nil && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	w.past = append(w.past, out.Bytes()...)
	w.past = bytes.Clone(w.past[max(0, len(w.past)-32<<10):])
	return out.Bytes(), nil
}

// inflating reports whether a frame is a compressed message, as it may be.
func (p *peer) inflating(first byte) bool {
	return p.window != nil && first&0x70 == 0x40 && first&0xF < 8
}

// offering dials with an offer of compression and takes part in what comes of it.
func offering(t testing.TB, addr, path, offer string) *peer {
	t.Helper()
	p := dial(t, addr, path, handshake+"Sec-WebSocket-Extensions: "+offer+"\r\n", "")
	if p.status != 101 {
		t.Fatalf("handshake: %d %s", p.status, p.body)
	}
	if agreed := p.header.Get("Sec-WebSocket-Extensions"); agreed != "" {
		p.window = &window{keeps: !bytes.Contains([]byte(agreed), []byte("server_no_context_takeover"))}
	}
	return p
}
