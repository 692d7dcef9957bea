package load

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
)

// sseBody is a response of a hello, four messages and a close, in chunks.
func sseBody() string {
	var b strings.Builder
	for _, event := range []string{
		"id: aaaaaaaa-4\nevent: notice\ndata: {\"notice\":\"hello\"}\n\n",
		"id: aaaaaaaa-5\ndata: {\"t\":1}\n\n",
		"id: aaaaaaaa-6\ndata: line\ndata: line\n\n" + "id: aaaaaaaa-8\nevent: base64\ndata: AP8K\n\n",
		"id: aaaaaaaa-9\ndata: \n\n",
	} {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(event), event)
	}
	return b.String() + "0\r\n\r\n"
}

func newEvents() *events {
	t := newTally(new(atomic.Bool), newEndings())
	return &events{client: client{tally: t, sample: &sample{format: SSE, seqPath: positions}}}
}

// TestEvents reads the stream in pieces of any size.
func TestEvents(t *testing.T) {
	for size := 1; size < 200; size++ {
		e := newEvents()
		buf, in := make([]byte, size), iotest.DataErrReader(strings.NewReader(sseBody()))
		var err error
		for err == nil {
			var n int
			if n, err = in.Read(buf); n > 0 {
				if _, took := e.take(buf[:n]); took != nil {
					err = took
				}
			}
		}
		s := sum([]*tally{e.tally})
		if !errors.Is(err, errClosed) || s.messages != 4 || s.sequenced != 4 || s.gaps != 1 || s.missed != 1 || e.sample.position != "aaaaaaaa-9" {
			t.Fatalf("pieces of %d: %v, %+v, at %s", size, err, s, e.sample.position)
		}
		if e.ended(err); e.tally.ends.list()[0] != (Close{Code: codeNoStatus, Word: "last chunk", Count: 1}) {
			t.Errorf("ended with %v", e.tally.ends.list())
		}
	}
}

func TestEventsThatAreNone(t *testing.T) {
	for _, body := range []string{"x\r\n", "-1\r\n", strings.Repeat("0", 100), "ffffffffff\r\n", "\r\n"} {
		e := newEvents()
		if _, err := e.take([]byte(body)); !errors.Is(err, ErrFrame) {
			t.Errorf("%q: %v", body, err)
		}
	}
	e := newEvents()
	if e.ended(io.EOF); e.tally.ends.list()[0].Word != "end of stream" {
		t.Errorf("a cut ended with %v", e.tally.ends.list())
	}
}

func TestOpened(t *testing.T) {
	for _, tt := range []struct {
		format                Format
		in, message, position string
		none                  bool
	}{
		{Raw, `{"notice":1}`, `{"notice":1}`, "", false},
		{Envelope, `{"pos":"aaaaaaaa-5","time":"x","data":1}`, `{"pos":"aaaaaaaa-5","time":"x","data":1}`, "aaaaaaaa-5", false},
		{Envelope, `{"notice":"hello","pos":"aaaaaaaa-5"}`, "", "aaaaaaaa-5", true},
		{SSE, "id: aaaaaaaa-5\ndata: a\ndata: b: c", "a\nb: c", "aaaaaaaa-5", false},
		{SSE, "id: aaaaaaaa-5\ndata: ", "", "aaaaaaaa-5", false},
		{SSE, "id: aaaaaaaa-5\nevent: notice\ndata: {}", "", "aaaaaaaa-5", true},
	} {
		message, position := tt.format.opened([]byte(tt.in))
		if string(message) != tt.message || position != tt.position || (message == nil) != tt.none {
			t.Errorf("%q: %q, %s", tt.in, message, position)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(sseBody()), 7)
	f.Fuzz(func(t *testing.T, body []byte, size int) {
		e := newEvents()
		for b := body; len(b) > 0; {
			n := min(len(b), 1+max(size, -size, 0)%64)
			if _, err := e.take(b[:n]); err != nil {
				return
			}
			b = b[n:]
		}
	})
}
