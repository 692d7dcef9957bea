package lines

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// readLines collects lines until an error; a skipped line is "<too long>".
func readLines(l *Reader) ([]string, error) {
	var got []string
	for {
		line, err := l.Next()
		switch {
		case errors.Is(err, ErrTooLong):
			got = append(got, "<too long>")
		case err != nil:
			return got, err
		default:
			got = append(got, string(line))
		}
	}
}

func TestLines(t *testing.T) {
	big := strings.Repeat("x", 200<<10) // more than the buffer
	tests := []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"one", "a\n", []string{"a"}},
		{"no LF at the end", "a\nb", []string{"a", "b"}},
		{"empty lines", "\n\na\n", []string{"", "", "a"}},
		{"CR stays", "a\r\nb\rc\n", []string{"a\r", "b\rc"}},
		{"long", big + "\nb\n", []string{big, "b"}},
		{"long, no LF", "b\n" + big, []string{"b", big}},
		{"too long", "a\n" + big + big + "\nb\n", []string{"a", "<too long>", "b"}},
		{"too long, no LF", "a\n" + big + big, []string{"a", "<too long>"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readLines(NewReader(iotest.HalfReader(strings.NewReader(tt.in)), 300<<10))
			if err != io.EOF || !slices.Equal(got, tt.want) {
				t.Errorf("got %.60q, %v; want %.60q, EOF", got, err, tt.want)
			}
		})
	}
}

func TestLinesBoundIsExact(t *testing.T) {
	got, _ := readLines(NewReader(strings.NewReader("123\n1234\n12\n"), 3))
	if want := []string{"123", "<too long>", "12"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLinesPassesReadErrorsOn(t *testing.T) {
	cut := errors.New("cable cut")
	r := io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(cut))
	got, err := readLines(NewReader(r, 10))
	if !errors.Is(err, cut) || !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %q, %v; want only the whole line and the error", got, err)
	}
}

func TestLinesForgetsTooLongLine(t *testing.T) {
	l := NewReader(strings.NewReader(strings.Repeat("x", 10<<20)+"\n"), 128<<10)
	if _, err := l.Next(); !errors.Is(err, ErrTooLong) {
		t.Fatalf("got %v", err)
	}
	if cap(l.long) > 512<<10 {
		t.Errorf("kept %d bytes of a line that is bounded to %d", cap(l.long), l.max)
	}
}

// FuzzLines holds lines against bytes.Split and small bounds.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nbc\n\ndef"), 2)
	f.Add([]byte(strings.Repeat("x", 70<<10)+"\n\r\n"), 1<<20)
	f.Fuzz(func(t *testing.T, in []byte, bound int) {
		bound = max(0, bound)
		var want []string
		for _, line := range bytes.Split(bytes.TrimSuffix(in, []byte("\n")), []byte("\n")) {
			if len(line) > bound {
				line = []byte("<too long>")
			}
			want = append(want, string(line))
		}
		if len(in) == 0 {
			want = nil
		}
		got, err := readLines(NewReader(bytes.NewReader(in), bound))
		if err != io.EOF || !slices.Equal(got, want) {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	})
}
