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

// source is the driver of stdin:. A line that is valid UTF-8 is text, any other is binary.
type source struct {
	r   io.Reader
	max int64
}

// New returns the driver of standard input, which is Options.Stdin.
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

// Open starts the goroutine that reads. The end of ctx interrupts a read only if the reader has a
// SetReadDeadline. Otherwise the goroutine outlives the stream until its read returns.
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

// interruptible is a reader whose Read ends at a deadline, such as an *os.File that is a pipe.
type interruptible interface{ SetReadDeadline(time.Time) error }

// line is what the lines.Reader returned.
type line struct {
	text []byte
	err  error
}

// stream hands lines from the reading goroutine to Next, one at a time. The reading goroutine owns
// the bytes of a line, so it waits until Next is called again.
type stream struct {
	ctx    context.Context
	lines  chan line     // never closed
	taken  chan struct{} // Next no longer uses the line; never closed
	holds  bool          // Next has a line that it has not given back; owned by Next
	in     hub.Input     // the present message; owned by Next
	unhook func() bool   // nil = the reader has no deadlines
}

// read reads lines until its reader or the context ends.
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

// Next gives the last line back, and waits for the next one.
func (s *stream) Next() (driver.Event, error) {
	if s.holds {
		select {
		case s.taken <- struct{}{}:
		case <-s.ctx.Done():
		}
	}
	select {
	case line := <-s.lines:
		s.holds = true
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

// Close lets the reading goroutine end by itself.
func (s *stream) Close() {
	if s.unhook != nil {
		s.unhook()
	}
}
