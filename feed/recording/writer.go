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

// Writer writes a recording with a kind column, from which a Recording reads
// the same bytes back. One goroutine.
type Writer struct {
	w      io.Writer
	headed bool
	buf    []byte
}

// NewWriter returns a recorder that writes to w. Nothing is written before
// the first message.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write appends one message. A zero t is written as an unknown time. It makes
// one call of w's Write, so a line is whole or absent as far as w can promise
// it. An error of w leaves the recording's end undefined. A message that would
// not fit into MaxRecordingLine is an error and leaves no trace.
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

// lineBound returns how long a line can get.
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

// kindColumn chooses the plainest form that gives the same bytes back, also
// after an editor has had the file: text goes bare unless it has a line break
// or is not UTF-8.
func kindColumn(kind hub.Kind, payload []byte) string {
	switch {
	case kind == hub.Binary:
		return kindBinary
	case bytes.ContainsAny(payload, "\r\n") || !utf8.Valid(payload):
		return kindTextBase64
	}
	return kindText
}
