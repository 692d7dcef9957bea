package lines

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestStreamLines(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	tests := []struct {
		in   string
		cr   bool
		keep int
		want []string
		end  error
	}{
		{"a\n\nb\r\nc\rd", false, 10, []string{"a", "", "b\r"}, io.EOF},
		{"a\n\nb\r\nc\rd", true, 10, []string{"a", "", "b", "c"}, io.EOF},
		{"0123456789\n01234567890\na\n", false, 10, []string{"0123456789", "0123456789+", "a"}, io.EOF},
		{long + "\n" + long + "x\n", false, 100_000, []string{long, long + "+"}, io.EOF},
		{strings.Repeat(long, 20) + "\n", false, 10, nil, ErrEndless},
	}
	for i, tt := range tests {
		for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
			l := NewBounded(r, tt.keep, tt.cr)
			var got []string
			var err error
			for {
				var line []byte
				if line, err = l.Next(); err != nil {
					break
				}
				mark := map[bool]string{true: "+"}[l.Cut]
				got = append(got, string(line)+mark)
			}
			if !slices.Equal(got, tt.want) || err != tt.end {
				t.Errorf("%d: got %d lines %.40q, %v", i, len(got), got, err)
			}
			if held := cap(l.line); held > 2*tt.keep+64 {
				t.Errorf("%d: %d bytes are held of lines of %d", i, held, tt.keep)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := NewBounded(iotest.ErrReader(broken), 10, true).Next(); err != broken {
		t.Errorf("got %v", err)
	}
}
