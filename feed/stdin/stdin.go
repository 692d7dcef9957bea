package stdin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
	"unicode/utf8"

	"fantail/feed/driver"
	"fantail/feed/internal/lines"
	"fantail/hub"
)

// source reads a line a message: stdin:. A line that is valid UTF-8 is
// text, any other is binary; an empty line is an empty message.
type source struct {
	r   io.Reader
	max int64
}

func New(o driver.Options) (driver.Driver, error) {
	rest, query, err := driver.SplitLocal(o.URL)
	if err != nil {
		return nil, err
	}
	var bad []error
	if rest != "" {
		bad = append(bad, fmt.Errorf("feed: the source URL has %.40q behind stdin:; write stdin: alone", rest))
	}
	if o.Stdin == nil {
		bad = append(bad, errors.New("feed: stdin: needs Config.Stdin"))
	}
	return &source{o.Stdin, o.MaxMessage}, errors.Join(append(bad, query.Rest())...)
}

// Open starts the goroutine that reads. A read of a terminal or a file cannot
// be interrupted, so it may outlive the stream until that read returns; one of
// a reader with a SetReadDeadline is interrupted.
func (d *source) Open(ctx context.Context) (driver.Stream, error) {
	s := &stream{
		lines: make(chan line),
		taken: make(chan struct{}),
		ctx:   ctx,
	}
	if r, ok := d.r.(interruptible); ok {
		s.unhook = context.AfterFunc(ctx, func() { r.SetReadDeadline(time.Unix(1, 0)) })
	}
	go s.read(lines.NewReader(d.r, int(min(d.max, math.MaxInt)))) // ends with its reader, or after ctx with its next line
	return s, nil
}

// interruptible is a reader whose Read ends at a deadline, as that of an *os.File that is
// a pipe.
type interruptible interface{ SetReadDeadline(time.Time) error }

type line struct {
	text []byte
	err  error
}

// stream hands lines from the reading goroutine to next, one at a time:
// the reader waits until next is called again, as it owns the line's bytes.
type stream struct {
	ctx    context.Context
	lines  chan line     // never closed
	taken  chan struct{} // next is done with the line; never closed
	lent   bool          // next has a line that is not given back
	in     hub.Input     // the present message; owned by next
	unhook func() bool   // nil = the reader has no deadlines
}

func (s *stream) read(l *lines.Reader) {
	for {
		text, err := l.Next()
		select {
		case s.lines <- line{text, err}:
		case <-s.ctx.Done():
			return
		}
		if err != nil && !errors.Is(err, lines.ErrTooLong) {
			return
		}
		select {
		case <-s.taken:
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *stream) Next() (driver.Event, error) {
	if s.lent {
		select {
		case s.taken <- struct{}{}:
		case <-s.ctx.Done():
		}
	}
	select {
	case line := <-s.lines:
		s.lent = true
		return s.event(line)
	case <-s.ctx.Done():
		return driver.Event{}, s.ctx.Err()
	}
}

func (s *stream) event(l line) (driver.Event, error) {
	switch {
	case errors.Is(l.err, lines.ErrTooLong):
		return driver.Dropped(driver.DropTooLarge), nil
	case l.err == io.EOF:
		return driver.Event{}, io.EOF
	case l.err != nil:
		return driver.Event{}, fmt.Errorf("feed: stdin: %w", l.err)
	}
	s.in = hub.Input{Kind: hub.Text, Payload: l.text}
	if !utf8.Valid(l.text) {
		s.in.Kind = hub.Binary
	}
	return driver.Message(&s.in), nil
}

func (s *stream) Close() {
	if s.unhook != nil {
		s.unhook()
	}
}
