package httpstream

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"fantail/feed/driver"
	"fantail/feed/internal/lines"
	"fantail/hub"
	"fantail/hub/fantailv1"
)

// eventStream reads Server-Sent Events. An event is a message, and its type, if
// it has one, the message's key. A relay's are opened (relayEvent).
type eventStream struct {
	*body
	parser *parser
	relay  bool
	in     hub.Input
}

func (s *eventStream) Next() (driver.Event, error) {
	ev, err := s.parser.next()
	s.driver.retry.Store(int64(s.parser.retry))
	s.driver.resume.Reached(s.parser.lastID)
	switch {
	case err != nil:
		return driver.Event{}, s.lost(err)
	case ev.comment:
		return driver.SignOfLife(), nil
	case ev.tooLarge:
		return driver.Dropped(driver.DropTooLarge), nil
	case s.relay:
		return s.relayEvent(ev)
	}
	s.in = hub.Input{Key: ev.kind, Payload: ev.data}
	return driver.Message(&s.in), nil
}

// relayEvent opens what a relay's /sse sends: its notices, and messages that are
// no lines of text, in base64. Of those, text with a CR in it is text again; all
// else is binary.
func (s *eventStream) relayEvent(ev event) (driver.Event, error) {
	switch ev.kind {
	case "notice":
		n, err := fantailv1.ParseNotice(ev.data)
		if err != nil {
			return driver.Event{}, driver.Fail(driver.ReasonLost, "the relay sent a notice that is none: %w", err)
		}
		s.driver.opt.Notice(n)
		return driver.SignOfLife(), nil
	case "base64":
		n, err := base64.StdEncoding.Decode(ev.data, ev.data)
		if err != nil {
			return driver.Event{}, driver.Fail(driver.ReasonLost, "the relay sent a message that is no base64: %w", err)
		}
		s.in = hub.Input{Kind: hub.Binary, Payload: ev.data[:n]}
		if utf8.Valid(s.in.Payload) && bytes.IndexByte(s.in.Payload, '\r') >= 0 {
			s.in.Kind = hub.Text
		}
		return driver.Message(&s.in), nil
	}
	s.in = hub.Input{Payload: ev.data}
	return driver.Message(&s.in), nil
}

// messageLines reads a message a line. An empty line is a sign of life, and a CR
// at the end belongs to the line's end, as in JSON it means nothing.
type messageLines struct {
	*body
	lines *lines.Bounded
	max   int
	in    hub.Input
}

func (s *messageLines) Next() (driver.Event, error) {
	line, err := s.lines.Next()
	line = bytes.TrimSuffix(line, []byte{'\r'})
	switch {
	case err != nil:
		return driver.Event{}, s.lost(err)
	case s.lines.Cut || len(line) > s.max:
		return driver.Dropped(driver.DropTooLarge), nil
	case len(line) == 0:
		return driver.SignOfLife(), nil
	}
	s.in = hub.Input{Payload: line}
	return driver.Message(&s.in), nil
}

// envelopeLines reads a relay's /stream: an envelope a line.
type envelopeLines struct {
	*body
	lines *lines.Bounded
	max   int64 // bytes of one message's payload
}

func (s *envelopeLines) Next() (driver.Event, error) {
	line, err := s.lines.Next()
	switch {
	case err != nil:
		return driver.Event{}, s.lost(err)
	case s.lines.Cut && s.driver.resume.Passed(line):
		return driver.Dropped(driver.DropTooLarge), nil
	case s.lines.Cut:
		return driver.Event{}, driver.TooLarge(s.max)
	}
	e, err := fantailv1.Parse(line)
	switch {
	case err != nil:
		return driver.Event{}, driver.Fail(driver.ReasonLost, "the relay sent what is no envelope of %s: %w", fantailv1.Subprotocol, err)
	case int64(len(e.Message.Payload)) > s.max:
		s.driver.resume.Reached(e.Position.String())
		return driver.Dropped(driver.DropTooLarge), nil
	}
	s.driver.resume.Reached(e.Position.String())
	if e.Notice != nil {
		s.driver.opt.Notice(*e.Notice)
		return driver.SignOfLife(), nil
	}
	return driver.Message(&e.Message), nil
}
