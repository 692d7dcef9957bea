package stdin

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
)

// open makes the driver of stdin:.
func open(t testing.TB, o driver.Options) driver.Driver {
	t.Helper()
	o.URL = "stdin:"
	d, err := New(o.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStdinALineAMessage(t *testing.T) {
	in := "{\"a\":1}\n\nbin \xff\ré\r\n" + strings.Repeat("x", 11) + "\n0123456789\nlast"
	s := feedtest.NewSink()
	dropped, err := feedtest.Play(t.Context(), open(t, driver.Options{MaxMessage: 10, Stdin: strings.NewReader(in)}), s)
	if err != io.EOF {
		t.Errorf("the end of stdin is the end of the source: %v", err)
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
	if !slices.Equal(dropped, []driver.DropReason{driver.DropTooLarge}) {
		t.Errorf("dropped %v", dropped)
	}
}

func TestStdinErrorEndsTheFeed(t *testing.T) {
	cut := errors.New("pipe broke")
	r := io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(cut))
	if _, err := feedtest.Play(t.Context(), open(t, driver.Options{Stdin: r}), feedtest.NewSink()); !errors.Is(err, cut) {
		t.Errorf("got %v", err)
	}
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
		if _, err := New(driver.Options{URL: tt.url, Stdin: tt.stdin}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.url, err, tt.want)
		}
	}
}

// FuzzStdin compares the messages with bytes.Split.
func FuzzStdin(f *testing.F) {
	f.Add([]byte("a\nb\xff\n\n"))
	f.Add([]byte("\r\n\r"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := feedtest.NewSink()
		if _, err := feedtest.Play(t.Context(), open(t, driver.Options{MaxMessage: 1 << 20, Stdin: bytes.NewReader(in)}), s); err != io.EOF {
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
