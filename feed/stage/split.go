package stage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"

	"fantail/feed/driver"
	"fantail/hub"
)

// Split says how one message of the source becomes several of the feed. Only text is cut.
// Binary messages are relayed whole.
type Split uint8

const (
	SplitNone  Split = iota // messages stay whole
	SplitLines              // each line that is not empty, without its line end: LF or CR LF
	SplitArray              // each element of a JSON array, byte for byte
	splits                  // number of splits
)

var splitWords = [splits]string{"none", "lines", "json-array"}

// String returns the split's word.
func (s Split) String() string {
	if s < splits {
		return splitWords[s]
	}
	return fmt.Sprintf("Split(%d)", uint8(s))
}

// ParseSplit reads one of the words none, lines and json-array.
func ParseSplit(word string) (Split, error) {
	i := slices.Index(splitWords[:], word)
	if i < 0 {
		return SplitNone, fmt.Errorf("feed: not known; write %s", strings.Join(splitWords[:], " or "))
	}
	return Split(i), nil
}

// maxPieces bounds the pieces of one message. A message with more pieces is relayed whole,
// because the pieces would push everything else out of the ring at once.
const maxPieces = 1 << 16

// cutter cuts a text. It appends the pieces to dst, and reports whether the text could be
// cut. The pieces share the text's memory.
type cutter func(dst [][]byte, text []byte) ([][]byte, bool)

func (s Split) cutter() cutter {
	if s == SplitLines {
		return cutLines
	}
	return cutArray
}

// splitStream cuts the messages of a stream into pieces. One goroutine uses it.
type splitStream struct {
	driver.Stream
	cut    cutter
	piece  hub.Input // the piece that was returned last
	pieces [][]byte  // not returned yet
	buf    [][]byte  // backs pieces, and is used again
}

// Next returns the next event. A message without a piece becomes DropEmpty.
func (s *splitStream) Next() (driver.Event, error) {
	if len(s.pieces) == 0 {
		ev, err := s.Stream.Next()
		if err != nil || ev.Kind != driver.KindMessage || ev.Message.Kind != hub.Text {
			return ev, err
		}
		pieces, ok := s.cut(s.buf[:0], ev.Message.Payload)
		switch {
		case !ok:
			return ev, nil
		case len(pieces) == 0:
			return driver.Dropped(driver.DropEmpty), nil
		}
		s.piece, s.buf, s.pieces = *ev.Message, pieces, pieces
	}
	s.piece.Payload, s.pieces = s.pieces[0], s.pieces[1:]
	return driver.Message(&s.piece), nil
}

// cutLines cuts at each LF, and removes one CR before it. It leaves out empty lines.
func cutLines(dst [][]byte, text []byte) ([][]byte, bool) {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		switch {
		case len(line) == 0:
		case len(dst) == maxPieces:
			return nil, false
		default:
			dst = append(dst, line)
		}
	}
	return dst, true
}

// cutArray returns the elements of a JSON array, byte for byte as they stand there. A text
// that is not an array, or not JSON to its end, is not cut.
func cutArray(dst [][]byte, text []byte) ([][]byte, bool) {
	if !json.Valid(text) { // gjson's own check recurses as deep as the source nests
		return nil, false
	}
	array := gjson.Parse(unsafe.String(unsafe.SliceData(text), len(text))) // without a copy: text does not change in this call
	if !array.IsArray() {
		return nil, false
	}
	fits := true
	array.ForEach(func(_, element gjson.Result) bool {
		if fits = len(dst) < maxPieces; fits {
			dst = append(dst, text[element.Index:element.Index+len(element.Raw)])
		}
		return fits
	})
	return dst, fits
}
