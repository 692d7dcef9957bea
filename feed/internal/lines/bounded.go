package lines

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// ErrEndless means that a line or an event that is too long does not end within the bytes that are
// skipped.
var ErrEndless = errors.New("no end of a message that is too large")

// Bounded cuts what another machine sends into lines. It bounds memory and time: of a long line it
// holds at most keep bytes, and it reads at most Skip bytes beyond them. One goroutine uses it.
type Bounded struct {
	r    *bufio.Reader
	keep int
	Skip int  // bytes
	cr   bool // CR and CR LF end a line too

	line    []byte
	Cut     bool // the line that was returned last was longer than keep, and is cut
	afterCR bool // an LF that comes next belongs to the CR before it
}

// NewBounded returns lines of at most keep bytes, cut at LF, and with cr also at CR.
func NewBounded(r io.Reader, keep int, cr bool) *Bounded {
	return &Bounded{r: bufio.NewReaderSize(r, 64<<10), keep: keep, Skip: skipBound(keep), cr: cr}
}

// skipBound is how many bytes of a message that is too large are skipped. It is enough for a message
// that is only larger than the operator expected.
func skipBound(most int) int { return 4*most + 1<<20 }

// Next returns the next line without its end, cut to keep bytes if it is longer. It is valid until the
// next call. A line that the end of the stream cuts off is not returned. Errors are ErrEndless and the
// reader's, io.EOF among them.
func (l *Bounded) Next() ([]byte, error) {
	l.line, l.Cut = l.line[:0], false
	for size := 0; ; {
		part, ended, err := l.part()
		if err != nil {
			return nil, err
		}
		if ended && size == 0 && len(part) <= l.keep {
			return part, nil // fast path: a line that was there as a whole
		}
		size += len(part)
		l.line = append(l.line, part[:min(len(part), l.keep-len(l.line))]...)
		l.Cut = size > l.keep
		switch {
		case ended:
			return l.line, nil
		case size > l.keep+l.Skip:
			return nil, ErrEndless
		}
	}
}

// part takes the part of the line that has arrived, and reports whether the line ends there. It waits
// if nothing has arrived.
func (l *Bounded) part() (part []byte, ended bool, err error) {
	if _, err := l.r.Peek(1); err != nil {
		return nil, false, err
	}
	b, _ := l.r.Peek(l.r.Buffered())
	if l.afterCR && b[0] == '\n' {
		l.afterCR = false
		l.r.Discard(1)
		return nil, false, nil
	}
	l.afterCR = false
	i := l.end(b)
	if i < 0 {
		l.r.Discard(len(b))
		return b, false, nil
	}
	l.afterCR = b[i] == '\r'
	l.r.Discard(i + 1)
	return b[:i], true, nil
}

// end returns where in b the line ends, -1 if it does not.
func (l *Bounded) end(b []byte) int {
	i := bytes.IndexByte(b, '\n')
	if !l.cr {
		return i
	}
	before := b
	if i >= 0 {
		before = b[:i]
	}
	if j := bytes.IndexByte(before, '\r'); j >= 0 {
		return j
	}
	return i
}
