package recording

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"fantail/hub"
)

// Writer writes a recording with a kind column, from which a Reader reads the same bytes back.
// One goroutine uses it.
type Writer struct {
	w      io.Writer
	headed bool
	buf    []byte
}

// NewWriter returns a Writer that writes to w. Nothing is written before the first message.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write appends one message. A zero t is written as an unknown time. Write makes one call of
// w's Write, so that a line is whole or absent if w is atomic. After an error of w, the end of
// the recording is undefined. A message whose line would be longer than MaxLine is an error,
// and nothing is written.
func (r *Writer) Write(t time.Time, kind hub.Kind, payload []byte) error {
	column := kindColumn(kind, payload)
	if lineBound(column, payload) > MaxLine {
		return fmt.Errorf("feed: recorder: a message of %d bytes needs a line longer than %d MiB", len(payload), MaxLine>>20)
	}
	r.buf = r.buf[:0]
	if !r.headed {
		r.buf = append(r.buf, header+"\n"...)
	}
	r.buf = append(appendRecord(r.buf, t, column, payload), '\n')
	if _, err := r.w.Write(r.buf); err != nil {
		return fmt.Errorf("feed: recorder: %w", err)
	}
	r.headed = true
	return nil
}

// lineBound returns the longest length that a line of a message can have.
func lineBound(column string, payload []byte) int {
	const stampAndTabs = len("-9223372036854775808") + 2
	if column == kindText {
		return stampAndTabs + len(column) + len(payload)
	}
	return stampAndTabs + len(column) + base64.StdEncoding.EncodedLen(len(payload))
}

func appendRecord(b []byte, t time.Time, column string, payload []byte) []byte {
	var ns int64
	if !t.IsZero() {
		ns = t.UnixNano()
	}
	b = strconv.AppendInt(b, ns, 10)
	b = append(append(append(b, '\t'), column...), '\t')
	if column == kindText {
		return append(b, payload...)
	}
	return base64.StdEncoding.AppendEncode(b, payload)
}

// kindColumn chooses the plainest form that gives the same bytes back, also after an editor has
// saved the file. Text stands as it is unless it has a line break or is not UTF-8.
func kindColumn(kind hub.Kind, payload []byte) string {
	switch {
	case kind == hub.Binary:
		return kindBinary
	case bytes.ContainsAny(payload, "\r\n") || !utf8.Valid(payload):
		return kindTextBase64
	}
	return kindText
}
