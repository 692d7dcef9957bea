package feed

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
)

func TestStdinALineAMessage(t *testing.T) {
	in := "{\"a\":1}\n\nbin \xff\ré\r\n" + strings.Repeat("x", 11) + "\n0123456789\nlast"
	s := feedtest.NewSink()
	f, err := New(Config{Sources: Sources{URL: "stdin:"}, Messages: Messages{MaxMessage: 10}, Stdin: strings.NewReader(in)}, s, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Run(t.Context()); err != nil {
		t.Errorf("the end of stdin is no error: %v", err)
	}
	want := []feedtest.Message{
		{Kind: hub.Text, Payload: `{"a":1}`},
		{Kind: hub.Text, Payload: ""},
		{Kind: hub.Binary, Payload: "bin \xff\ré\r"},
		{Kind: hub.Text, Payload: "0123456789"},
		{Kind: hub.Text, Payload: "last"},
	}
	got := s.Messages()
	for i := range got {
		got[i].Time = 0
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if st := f.Stats(); st.Dropped[driver.DropTooLarge] != 1 || st.Outage != 0 || !st.EverConnected || st.Connected {
		t.Errorf("got %+v", st)
	}
}

func TestStdinErrorEndsTheFeed(t *testing.T) {
	cut := errors.New("pipe broke")
	r := io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(cut))
	f, err := New(Config{Sources: Sources{URL: "stdin:"}, Stdin: r}, feedtest.NewSink(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Run(t.Context()); !errors.Is(err, cut) {
		t.Errorf("got %v", err)
	}
}

// TestStdinQuietEnds: a reader with deadlines is interrupted, so nothing is
// left behind; TestMain looks for the goroutine.
func TestStdinQuietEnds(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	r := start(t, Config{Sources: Sources{URL: "stdin:"}, Stdin: ours})
	if _, err := theirs.Write([]byte("a\n")); err != nil {
		t.Fatal(err)
	}
	r.sink.Wait(t, 1)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

// TestStdinUninterruptibleEnds: the end of Run does not wait for a reader that
// has no deadlines; its goroutine ends with the read.
func TestStdinUninterruptibleEnds(t *testing.T) {
	ours, theirs := io.Pipe()
	r := start(t, Config{Sources: Sources{URL: "stdin:"}, Stdin: struct{ io.Reader }{ours}})
	io.WriteString(theirs, "a\n")
	r.sink.Wait(t, 1)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	theirs.Close()
}

func TestStdinURL(t *testing.T) {
	tests := []struct {
		url   string
		stdin io.Reader
		want  string
	}{
		{"stdin:", nil, "Config.Stdin"},
		{"stdin:file", strings.NewReader(""), `"file" behind stdin:`},
		{"stdin:?a=1", strings.NewReader(""), `unknown parameter "a"; it takes none`},
	}
	for _, tt := range tests {
		if _, err := newStdin(driver.Options{URL: tt.url, Stdin: tt.stdin}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.url, err, tt.want)
		}
	}
}

// FuzzStdin holds the messages against bytes.Split.
func FuzzStdin(f *testing.F) {
	f.Add([]byte("a\nb\xff\n\n"))
	f.Add([]byte("\r\n\r"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := feedtest.NewSink()
		feed, err := New(Config{Sources: Sources{URL: "stdin:"}, Messages: Messages{MaxMessage: 1 << 20}, Stdin: bytes.NewReader(in)}, s, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if err := feed.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var want []string
		if len(in) > 0 {
			want = strings.Split(strings.TrimSuffix(string(in), "\n"), "\n")
		}
		if got := s.Payloads(); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, m := range s.Messages() {
			if (m.Kind == hub.Text) != utf8.ValidString(m.Payload) {
				t.Errorf("%q is %v", m.Payload, m.Kind)
			}
		}
	})
}
