package recording

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"fantail/feed/internal/lines"
	"fantail/hub"
)

// MaxLine bounds one line of a recording, in bytes without its LF.
const MaxLine = 64 << 20

// The first line of a recording with a kind column, and the kinds.
const (
	magic  = "#fantail "
	header = magic + "1"

	kindText       = "t"    // the text itself
	kindTextBase64 = "b64t" // text in base64, because it has line breaks
	kindBinary     = "b64"  // binary in base64
)

// A headless file with this ending holds binary messages in base64.
const binarySuffix = ".b64.txt"

// Record is one message of a recording.
type Record struct {
	Time    int64    // when it was received, ns since 1970; 0 = unknown
	Kind    hub.Kind // text or binary
	Payload []byte   // valid until the next call of Next
}

// Reader reads the messages of a recording, in either form. It holds one line at a time. One
// goroutine uses it.
type Reader struct {
	file    io.Closer
	name    string
	lines   *lines.Reader
	headed  bool     // there is a kind column
	kind    hub.Kind // of every message of a headless file
	started bool     // the first line was seen
	buf     []byte   // decoded base64
}

// Open opens the recording at path. The caller closes it.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("feed: recording: %w", err)
	}
	r := newReader(f, path)
	r.file = f
	return r, nil
}

// newReader reads from r. The suffix of name tells the kind of a headless file, and errors
// quote name.
func newReader(r io.Reader, name string) *Reader {
	rec := &Reader{name: name, lines: lines.NewReader(r, MaxLine)}
	if strings.HasSuffix(name, binarySuffix) {
		rec.kind = hub.Binary
	}
	return rec
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Next returns the next message, or io.EOF after the last one. Any other error names the file
// and the line. The rest of the recording cannot be read then.
func (r *Reader) Next() (Record, error) {
	line, err := r.lines.Next()
	if !r.started && err == nil {
		r.started = true
		if bytes.HasPrefix(line, []byte(magic)) {
			if err := r.header(string(line)); err != nil {
				return Record{}, err
			}
			line, err = r.lines.Next()
		}
	}
	switch {
	case err == io.EOF:
		return Record{}, io.EOF
	case errors.Is(err, lines.ErrTooLong):
		return Record{}, r.errorf("is longer than %d MiB; is %s a recording?", MaxLine>>20, r.name)
	case err != nil:
		return Record{}, fmt.Errorf("feed: recording: %w", err)
	}
	return r.parse(line)
}

// header checks the first line of a recording with a kind column.
func (r *Reader) header(line string) error {
	if line != header {
		return r.errorf("is %.40q, but this version reads %q only", line, header)
	}
	r.headed = true
	return nil
}

// parse parses a line: the time, the kind in a headed file, and the message.
func (r *Reader) parse(line []byte) (Record, error) {
	stamp, rest, ok := cutTab(line)
	if !ok {
		return Record{}, r.errorf("has no TAB; a line is the time in ns, a TAB and the message")
	}
	ns, err := strconv.ParseInt(string(stamp), 10, 64)
	if err != nil {
		return Record{}, r.errorf("starts with %.40q, which is not a time in ns", stamp)
	}
	if r.headed {
		return r.parseKind(ns, rest)
	}
	if r.kind == hub.Binary {
		return r.decode(ns, hub.Binary, rest)
	}
	return Record{Time: ns, Kind: hub.Text, Payload: rest}, nil
}

// parseKind parses the rest of a headed file's line: the kind and the message. A Writer wrote
// the line, so a line without its LF was cut short.
func (r *Reader) parseKind(ns int64, rest []byte) (Record, error) {
	kind, body, ok := cutTab(rest)
	if !ok {
		return Record{}, r.errorf("has no TAB after its kind")
	}
	if !r.lines.Ended {
		return Record{}, r.errorf("is cut short; end it with a line break if it is whole, else delete it")
	}
	switch string(kind) {
	case kindText:
		return Record{Time: ns, Kind: hub.Text, Payload: body}, nil
	case kindTextBase64:
		return r.decode(ns, hub.Text, body)
	case kindBinary:
		return r.decode(ns, hub.Binary, body)
	}
	return Record{}, r.errorf("has kind %.40q; the kinds are %s, %s and %s", kind, kindText, kindTextBase64, kindBinary)
}

func (r *Reader) decode(ns int64, kind hub.Kind, body []byte) (Record, error) {
	var err error
	if r.buf, err = base64.StdEncoding.AppendDecode(r.buf[:0], body); err != nil {
		return Record{}, r.errorf("holds no valid base64: %w", err)
	}
	return Record{Time: ns, Kind: kind, Payload: r.buf}, nil
}

// errorf returns an error that names the file and the line that was read last.
func (r *Reader) errorf(format string, args ...any) error {
	return fmt.Errorf("feed: recording %s: line %d "+format, append([]any{r.name, r.lines.Number}, args...)...)
}

// cutTab cuts line at its first TAB.
func cutTab(line []byte) (before, after []byte, found bool) {
	return bytes.Cut(line, []byte{'\t'})
}
