package httpstream

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"fantail/feed/internal/lines"
	"fantail/hub"
)

// parseAll returns the events of a stream as words: type=data, or "!" for an event that is
// dropped because it has more than max bytes.
func parseAll(r io.Reader, most int) (got []string, e *parser, end error) {
	e = newParser(lines.NewBounded(r, most+len("data: "), true), most, "")
	for {
		ev, err := e.next()
		switch {
		case err != nil:
			return got, e, err
		case ev.comment:
		case ev.tooLarge:
			got = append(got, "!")
		default:
			got = append(got, ev.kind+"="+string(ev.data))
		}
	}
}

// TestEvents checks the parser with the standard's rules and examples.
func TestEvents(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
		id       string
	}{
		{"one line", "data: a\n\n", []string{"=a"}, ""},
		{"lines", "data: YHOO\ndata: +2\ndata: 10\n\n", []string{"=YHOO\n+2\n10"}, ""},
		{"ids and comments", ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n", []string{"=first event", "=second event"}, ""},
		{"no data lines", "data\n\ndata\ndata\n\ndata:", []string{"=", "=\n"}, ""},
		{"one space", "data:test\n\ndata: test\n\ndata:  test\n\n", []string{"=test", "=test", "= test"}, ""},
		{"CR", "data: a\rdata: b\r\rdata: c\r\r", []string{"=a\nb", "=c"}, ""},
		{"CR LF", "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", []string{"=a\nb", "=c"}, ""},
		{"mixed ends", "data: a\r\r\ndata: b\n\rdata: c\r\n\n", []string{"=a", "=b", "=c"}, ""},
		{"types", "event: add\ndata: 1\n\nevent: remove\ndata: 2\n\ndata: 3\n\n", []string{"add=1", "remove=2", "=3"}, ""},
		{"a type without data", "event: add\n\ndata: 1\n\n", []string{"=1"}, ""},
		{"an id stays", "id: 7\ndata: a\n\ndata: b\n\n", []string{"=a", "=b"}, "7"},
		{"an id without data", "id: 7\n\n", nil, "7"},
		{"an id that was cut off", "id: 7\n\nid: 8\ndata: a\n", nil, "7"},
		{"an id with NUL", "id: 7\n\nid: 8\x00\n\n", nil, "7"},
		{"an id no header can hold", "id: 7\n\nid: 8\x01\n\n", nil, ""},
		{"an id that is too long", "id: 7\n\nid: " + strings.Repeat("8", maxEventID+1) + "\n\n", nil, ""},
		{"byte order mark", "\ufeffdata: a\n\n\ufeffdata: b\n\n", []string{"=a"}, ""},
		{"unknown fields", "data : a\nDATA: b\nx\ndata: c\n\n", []string{"=c"}, ""},
		{"colons", "data: a:b: c\n\n", []string{"=a:b: c"}, ""},
		{"a type that is no key", "event: a\x02\ndata: b\n\nevent: " + strings.Repeat("x", hub.MaxKey+1) + "\ndata: c\n\n", []string{"=b", "=c"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
				got, e, err := parseAll(r, 4000)
				if !slices.Equal(got, tt.want) || e.lastID != tt.id || err != io.EOF {
					t.Errorf("got %q, id %q, %v; want %q, %q", got, e.lastID, err, tt.want, tt.id)
				}
			}
		})
	}
}

func TestEventsRetry(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"retry: 1500\n": 1500 * time.Millisecond, "retry: 1\nretry: 2s\nretry:\nretry: -3\nretry: +3\n": time.Millisecond,
		"retry: 99999999999\n": 0, "data: x\n": 0,
	} {
		if _, e, _ := parseAll(strings.NewReader(in), 100); e.retry != want {
			t.Errorf("%q: %v, want %v", in, e.retry, want)
		}
	}
}

// TestEventsBounds: an event that is too large is dropped, and its id counts. An event that
// does not end ends the stream. What the parser holds is always bounded.
func TestEventsBounds(t *testing.T) {
	const most, skipped = 10, 4*(10+len("data: ")) + 1<<20 // at most
	for _, tt := range []struct {
		name, in string
		want     []string
		end      error
	}{
		{"just fits", "data: 0123456789\n\n", []string{"=0123456789"}, io.EOF},
		{"fits in lines", "data: 0123\ndata: 56789\n\n", []string{"=0123\n56789"}, io.EOF},
		{"a byte too much", "id: 1\ndata: 0123456789x\n\ndata: a\n\n", []string{"!", "=a"}, io.EOF},
		{"lines too many", "id: 1\ndata: 0123\ndata: 56789x\ndata: y\n\ndata: a\n\n", []string{"!", "=a"}, io.EOF},
		{"a long comment", "id: 1\n\n:" + strings.Repeat("x", 1000) + "\ndata: a\n\n", []string{"=a"}, io.EOF},
		{"a line without end", "id: 1\n\ndata: " + strings.Repeat("x", skipped+1000), nil, lines.ErrEndless},
		{"a comment without end", "id: 1\n\n:" + strings.Repeat("x", skipped+1000), nil, lines.ErrEndless},
		{"an event without end", "id: 1\n\n" + strings.Repeat("data: 0123456789\n", skipped/10), nil, lines.ErrEndless},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, e, err := parseAll(strings.NewReader(tt.in), most)
			if !slices.Equal(got, tt.want) || err != tt.end {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.end)
			}
			if strings.HasPrefix(tt.in, "id: 1") && e.lastID != "1" {
				t.Errorf("id %q", e.lastID)
			}
			if held := cap(e.data); held > 100 {
				t.Errorf("%d bytes are held", held)
			}
		})
	}
}

// TestEventsDispatchAtOnce: an event is returned with its last byte. The parser does not wait
// to see whether an LF follows a CR.
func TestEventsDispatchAtOnce(t *testing.T) {
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() { defer close(done); io.WriteString(w, "data: a\r\r") }() // ends when it is read
	e := newParser(lines.NewBounded(r, 100, true), 100, "")
	if ev, err := e.next(); string(ev.data) != "a" || err != nil {
		t.Errorf("got %q, %v", ev.data, err)
	}
	<-done
}

// FuzzEvents compares the parser with a second one, which is slow and plain, however the
// bytes are cut into reads. It also checks the bounds.
func FuzzEvents(f *testing.F) {
	f.Add("data: a\n\nid: 1\r\ndata: b\rdata\r\revent: x\ndata:y\n\n", uint8(1))
	f.Add("\ufeff: hi\n\nretry: 10\ndata: 0123456789012345678901234567890123456789\n\n", uint8(7))
	f.Fuzz(func(t *testing.T, in string, chunk uint8) {
		const most = 32
		got, e, err := parseAll(chunks{strings.NewReader(in), int(chunk)%64 + 1}, most)
		if err != io.EOF {
			t.Fatal(err)
		}
		want, id := plainEvents(in, most)
		if !slices.Equal(got, want) || e.lastID != id {
			t.Errorf("got %q, id %q; want %q, %q", got, e.lastID, want, id)
		}
		if cap(e.data) > 4*most {
			t.Errorf("%d bytes are held", cap(e.data))
		}
	})
}

// chunks reads a bounded number of bytes at a time.
type chunks struct {
	r io.Reader
	n int
}

func (c chunks) Read(p []byte) (int, error) { return c.r.Read(p[:min(len(p), c.n)]) }

// plainEvents is the standard's algorithm for a whole text.
func plainEvents(in string, most int) (got []string, lastID string) {
	in = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(in, "\ufeff"))
	lines := strings.Split(in, "\n")
	var data []string
	kind, id := "", ""
	for _, line := range lines[:len(lines)-1] {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		tooLong := len(line) > most+len("data: ")
		switch {
		case line == "":
			lastID = id
			if joined := strings.Join(data, "\n"); len(joined) > most {
				got = append(got, "!")
			} else if data != nil {
				got = append(got, kind+"="+joined)
			}
			data, kind = nil, ""
		case line[0] == ':':
		case name == "data" && tooLong:
			data = append(data, strings.Repeat("x", most+1))
		case name == "data":
			data = append(data, value)
		case name == "event":
			kind = usable([]byte(value), hub.MaxKey, tooLong)
		case name == "id" && !strings.Contains(value, "\x00"):
			id = usable([]byte(value), maxEventID, tooLong)
		}
	}
	return got, lastID
}

// BenchmarkEvents measures the cost of an event of 200 bytes with an id.
func BenchmarkEvents(b *testing.B) {
	one := fmt.Sprintf("id: k3v9q2mx-48215\ndata: %s\n\n", strings.Repeat("x", 200))
	stream := bytes.Repeat([]byte(one), 1000)
	e := newParser(lines.NewBounded(endless{stream, new(int)}, 4096, true), 4096, "")
	b.SetBytes(int64(len(one)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.next(); err != nil {
			b.Fatal(err)
		}
	}
}

// endless reads the same text again and again.
type endless struct {
	b  []byte
	at *int
}

func (e endless) Read(p []byte) (int, error) {
	n := copy(p, e.b[*e.at:])
	*e.at = (*e.at + n) % len(e.b)
	return n, nil
}
