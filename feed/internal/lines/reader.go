package lines

import (
	"bufio"
	"errors"
	"io"
)

// ErrTooLong means that Reader.Next skipped a line of more than max bytes. The next call goes on after
// it.
var ErrTooLong = errors.New("line too long")

// Reader cuts a stream into lines at each LF and at nothing else. A CR belongs to the line. It holds one
// line at a time. One goroutine uses it.
type Reader struct {
	r      *bufio.Reader
	max    int    // longest line in bytes, without its LF
	Number int    // of the line that was returned last, from 1
	Ended  bool   // that line had its LF; only the last line of a stream may lack it
	long   []byte // a line that does not fit into r's buffer
}

// NewReader returns the lines of r, of at most max bytes each.
func NewReader(r io.Reader, max int) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 64<<10), max: max}
}

// Next returns the next line without its LF, valid until the next call. It
// returns io.EOF at the end, ErrTooLong, or the reader's error.
func (l *Reader) Next() ([]byte, error) {
	l.long = l.long[:0]
	for size := 0; ; {
		part, err := l.r.ReadSlice('\n')
		l.Ended = err == nil
		if l.Ended {
			part = part[:len(part)-1]
		}
		size += len(part)
		switch {
		case err == bufio.ErrBufferFull:
			l.keep(part, size)
		case err == nil, err == io.EOF && size > 0:
			l.Number++
			return l.join(part, size)
		default:
			return nil, err
		}
	}
}

// keep sets a part of a long line aside, unless the line is too long already.
func (l *Reader) keep(part []byte, size int) {
	if size <= l.max {
		l.long = append(l.long, part...)
	}
}

// join returns the line that ends in part. Most lines are one part, which is
// returned without a copy.
func (l *Reader) join(part []byte, size int) ([]byte, error) {
	switch {
	case size > l.max:
		return nil, ErrTooLong
	case size == len(part):
		return part, nil
	}
	l.long = append(l.long, part...)
	return l.long, nil
}
