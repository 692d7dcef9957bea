package lines

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// ErrEndless says that a stream goes on and on without the end of a line, or of
// an event, that was given up as too long. What it sends is not worth skipping.
var ErrEndless = errors.New("no end of a message that is too large")

// Bounded cuts what another machine sends into lines, which it bounds in
// both ways: of a long line it holds no more than keep bytes, and reads no more
// than skip beyond them. One goroutine.
type Bounded struct {
	r    *bufio.Reader
	keep int
	Skip int
	cr   bool // CR and CR LF end a line too, not LF alone

	line    []byte
	Cut     bool // the line returned last was longer than keep, and is cut
	afterCR bool // an LF that comes next belongs to the CR before it
}

// NewBounded returns lines of at most keep bytes, cut at LF, and with cr
// also at CR.
func NewBounded(r io.Reader, keep int, cr bool) *Bounded {
	return &Bounded{r: bufio.NewReaderSize(r, 64<<10), keep: keep, Skip: skipBound(keep), cr: cr}
}

// skipBound is how much is skipped behind a message that is too large, in the
// hope of its end: some more than any message that is merely larger than the
// operator thought.
func skipBound(most int) int { return 4*most + 1<<20 }

// Next returns the next line without its end, valid until the next call, and
// cut to keep bytes if it is longer. A line that the end of the stream cuts off
// is not returned. Errors are the reader's, io.EOF among them, and ErrEndless.
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

// part takes what has arrived of the line, and says whether that is its end. It
// waits if nothing has.
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
