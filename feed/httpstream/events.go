package httpstream

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"fantail/feed/internal/lines"
	"fantail/hub"
)

// maxEventID is the longest id of an event, in bytes, that is sent back as
// Last-Event-ID: it has to fit into a request's header.
const maxEventID = 1 << 10

// event is one event of an event stream, a comment, or an event that was too large.
type event struct {
	kind string // empty = the default, "message"
	data []byte // the data lines, joined by LF; valid until the next call of next

	comment  bool // it is a comment
	tooLarge bool // it has more data than max and no data here; its id counts
}

// parser parses an event stream as browsers do (WHATWG HTML, section 9.2.6). One goroutine
// uses it.
type parser struct {
	lines *lines.Bounded
	max   int // bytes of one event's data

	lastID string        // of the last whole event; empty = there is none to send back
	retry  time.Duration // how long the source asks us to wait before we come back

	begun bool // the first line was read; it may have a byte order mark
	// The present event.
	id     string // kept from event to event, as the standard says
	kind   string
	data   []byte // with an LF after each line
	filled bool   // there was a data line
	over   int    // bytes of data beyond max
}

// newParser returns a parser of a stream that goes on behind the event with the given id.
// That id counts until another one comes.
func newParser(lines *lines.Bounded, most int, lastID string) *parser {
	return &parser{lines: lines, max: most, id: lastID, lastID: lastID}
}

// next returns the next event that has data, or the next comment. Its error is
// lines.ErrEndless or the reader's. An event that the end of the stream cuts off is not
// returned, and its id does not count.
func (e *parser) next() (event, error) {
	for {
		line, err := e.line()
		switch {
		case err != nil:
			return event{}, err
		case len(line) == 0:
			if ev := e.dispatch(); ev.tooLarge || ev.data != nil {
				return ev, nil
			}
		case line[0] == ':':
			return event{comment: true}, nil
		default:
			if err := e.field(line); err != nil {
				return event{}, err
			}
		}
	}
}

// line returns the next line, the first without its byte order mark.
func (e *parser) line() ([]byte, error) {
	line, err := e.lines.Next()
	if !e.begun && err == nil {
		e.begun = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return line, err
}

// field takes in a line of an event. It ignores unknown fields.
func (e *parser) field(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(name) {
	case "data":
		return e.addData(value)
	case "event":
		e.kind = usable(value, hub.MaxKey, e.lines.Cut)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			e.id = usable(value, maxEventID, e.lines.Cut)
		}
	case "retry":
		if ms, err := strconv.ParseUint(string(value), 10, 32); err == nil {
			e.retry = time.Duration(ms) * time.Millisecond
		}
	}
	return nil
}

// addData adds a data line. If the event has too much data, the data is dropped and skipped
// up to a bound.
func (e *parser) addData(value []byte) error {
	e.filled = true
	if size := len(e.data) + len(value); e.over > 0 || size > e.max || e.lines.Cut {
		e.over += size + 1
		e.data = e.data[:0]
		if e.over > e.lines.Skip {
			return lines.ErrEndless
		}
		return nil
	}
	e.data = append(append(e.data, value...), '\n')
	return nil
}

// dispatch ends the present event and returns it, if it has data.
func (e *parser) dispatch() (ev event) {
	e.lastID = e.id
	switch {
	case e.over > 0:
		ev.tooLarge = true
	case e.filled:
		ev.kind, ev.data = e.kind, e.data[:len(e.data)-1]
	}
	e.kind, e.data, e.filled, e.over = "", e.data[:0], false, 0
	return ev
}

// usable returns a value as text. It returns an empty text if the value is longer than most,
// cut, not UTF-8 or has control characters in it, because no header could hold it and no
// filter could name it.
func usable(value []byte, most int, cut bool) string {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if cut || len(value) > most || !utf8.Valid(value) || bytes.ContainsFunc(value, control) {
		return ""
	}
	return string(value)
}
