package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// maxSizeLine bounds the line before a chunk (RFC 9112 section 7.1).
const maxSizeLine = 64

// events is a client of Server-Sent Events in a chunked response. One goroutine at a
// time.
type events struct {
	client
	size  []byte // the line before a chunk, as far as it is here
	left  int64  // bytes of the chunk, with its CR LF, still to come
	event []byte // the event under way
	last  bool   // the last chunk has come: an orderly end
}

// take counts b and the events that end in it.
func (e *events) take(b []byte) (reply []byte, err error) {
	e.tally.bytes.Add(int64(len(b)))
	now := time.Now().UnixNano()
	for len(b) > 0 && err == nil {
		if e.left == 0 {
			b, err = e.begin(b)
			continue
		}
		n := min(int64(len(b)), e.left)
		body := min(n, max(0, e.left-2)) // the CR LF after a chunk is not part of it
		e.gather(b[:body], now)
		e.left -= n
		b = b[n:]
	}
	return nil, err
}

// begin reads the line before a chunk.
func (e *events) begin(b []byte) (rest []byte, err error) {
	line, rest, whole := bytes.Cut(b, []byte{'\n'})
	e.size = append(e.size, line...)
	if len(e.size) > maxSizeLine {
		return nil, fmt.Errorf("%w: a chunk without a size", ErrFrame)
	}
	if !whole {
		return nil, nil
	}
	n, err := strconv.ParseUint(string(bytes.TrimRight(e.size, "\r")), 16, 31)
	if err != nil {
		return nil, fmt.Errorf("%w: a chunk without a size", ErrFrame)
	}
	if e.size = e.size[:0]; n == 0 {
		e.last = true
		return nil, errClosed
	}
	e.left = int64(n) + 2
	return rest, nil
}

// gather splits events at the empty line that ends each.
func (e *events) gather(b []byte, now int64) {
	e.event = append(e.event, b...)
	for {
		one, rest, whole := bytes.Cut(e.event, []byte("\n\n"))
		if !whole {
			break
		}
		if !bytes.Contains(one, []byte("\nevent: notice\n")) {
			e.tally.messages.Add(1)
		}
		if e.sample != nil {
			e.sample.look(one, now, e.tally)
		}
		e.event = append(e.event[:0], rest...)
	}
	if len(e.event) > maxSampled {
		e.event = e.event[:0]
	}
}

func (e *events) ended(err error) {
	switch {
	case err == nil:
	case e.last:
		e.tally.ends.add(Close{Code: codeNoStatus, Word: "last chunk"})
	case errors.Is(err, io.EOF):
		e.tally.ends.add(Close{Code: codeAbnormal, Word: "end of stream"})
	default:
		e.client.ended(err)
	}
}
