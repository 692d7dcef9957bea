package redis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// entryID is the id of a stream's entry: milliseconds since 1970 and a number within that
// millisecond. The zero value stands before all entries.
type entryID struct{ ms, seq uint64 }

// parseID parses an id. An id without its second part has the number 0.
func parseID(s string) (id entryID, err error) {
	ms, seq, both := strings.Cut(s, "-")
	if id.ms, err = strconv.ParseUint(ms, 10, 64); err == nil && both {
		id.seq, err = strconv.ParseUint(seq, 10, 64)
	}
	return id, err
}

func (id entryID) String() string {
	return strconv.FormatUint(id.ms, 10) + "-" + strconv.FormatUint(id.seq, 10)
}

func (id entryID) before(other entryID) bool {
	return id.ms < other.ms || id.ms == other.ms && id.seq < other.seq
}

// number packs an id into one number. ok reports whether the id fits: ids that Redis makes
// are times in ms, and fit up to the year 2109 and up to four million in the same ms.
func (id entryID) number() (n uint64, ok bool) {
	const within = 22 // bits
	return id.ms<<within | id.seq, id.ms < 1<<(64-within) && id.seq < 1<<within
}

var errReply = errors.New("the answer has an unknown form")

// entriesOf returns the entries in the answer to XREAD of one stream:
// [[name, [entry, …]]].
func entriesOf(reply []any) ([]any, error) {
	if len(reply) == 1 {
		if stream, ok := reply[0].([]any); ok && len(stream) == 2 {
			if entries, ok := stream[1].([]any); ok {
				return entries, nil
			}
		}
	}
	return nil, errReply
}

// parseEntry parses an entry: [id, [field, value, …]].
func parseEntry(reply any) (id entryID, fields []any, err error) {
	entry, _ := reply.([]any)
	if len(entry) != 2 {
		return id, nil, errReply
	}
	text, _ := entry[0].(string)
	if id, err = parseID(text); err != nil {
		return id, nil, fmt.Errorf("its id: %w", err)
	}
	fields, _ = entry[1].([]any)
	if len(fields) == 0 || len(fields)%2 != 0 {
		return id, nil, errReply
	}
	return id, fields, nil
}

var errNotUTF8 = errors.New("not UTF-8")

// appendFields appends the message of an entry: the value of its only field, or a JSON object
// of its fields in their order. JSON can only hold UTF-8, so other text is an error.
func appendFields(b []byte, fields []any) ([]byte, error) {
	text := func(i int) string { s, _ := fields[i].(string); return s }
	if len(fields) == 2 {
		return append(b, text(1)...), nil
	}
	for i := range fields {
		if !utf8.ValidString(text(i)) {
			return b, errNotUTF8
		}
		switch {
		case i == 0:
			b = append(b, '{')
		case i%2 == 0:
			b = append(b, ',')
		default:
			b = append(b, ':')
		}
		b = appendJSONString(b, text(i))
	}
	return append(b, '}'), nil
}

// appendJSONString appends s as JSON. s is UTF-8.
func appendJSONString(b []byte, s string) []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // cannot fail for a string
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}

const (
	readBytes = 4 << 20 // aim for one answer, in bytes
	readCount = 512     // entries in one answer at most
)

// pace says how many entries to ask for at once. One entry for each round trip would be slow,
// and too many entries would need too much memory. The number grows slowly, because the size
// of the next entries is not known. One goroutine uses it.
type pace struct {
	count   int
	largest int // bytes of the largest recent entry; shrinks by an eighth with each answer
}

// saw takes the entries of an answer into account.
func (p *pace) saw(entries []any) {
	p.largest -= p.largest / 8
	for _, e := range entries {
		p.largest = max(p.largest, sizeOf(e))
	}
	p.count = max(1, min(2*p.count, readCount, readBytes/max(p.largest, 1)))
}

// sizeOf returns the number of bytes of all strings in an answer.
func sizeOf(reply any) (n int) {
	switch reply := reply.(type) {
	case string:
		return len(reply)
	case []any:
		for _, r := range reply {
			n += sizeOf(r)
		}
	}
	return n
}
