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

// eventStream reads Server-Sent Events. An event is a message. Its type, if it has one, is
// the message's key. relayEvent opens the events of a relay.
type eventStream struct {
	*body
	parser *parser
	relay  bool
	in     hub.Input
}

// Next implements driver.Stream.
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

// relayEvent opens an event of a relay's /sse: a notice, a message in base64, or a text. The
// relay sends in base64 what cannot stand in data lines. Such a message is text if it is
// UTF-8 with a CR in it, and else binary.
func (s *eventStream) relayEvent(ev event) (driver.Event, error) {
	switch ev.kind {
	case "notice":
		n, err := fantailv1.ParseNotice(ev.data)
		if err != nil {
			return driver.Event{}, driver.Fail(driver.ReasonLost, "the relay sent a notice that cannot be read: %w", err)
		}
		s.driver.opt.Notice(n)
		return driver.SignOfLife(), nil
	case "base64":
		n, err := base64.StdEncoding.Decode(ev.data, ev.data)
		if err != nil {
			return driver.Event{}, driver.Fail(driver.ReasonLost, "the relay sent a message that is not base64: %w", err)
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

// messageLines reads one message from each line. An empty line is a sign of life. A CR at
// the end belongs to the line end, because it means nothing in JSON.
type messageLines struct {
	*body
	lines *lines.Bounded
	max   int
	in    hub.Input
}

// Next implements driver.Stream.
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

// envelopeLines reads a relay's /stream, one envelope from each line.
type envelopeLines struct {
	*body
	lines *lines.Bounded
	max   int64 // bytes of one message's payload
}

// Next implements driver.Stream.
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
		return driver.Event{}, driver.Fail(driver.ReasonLost, "the relay sent a line that is no envelope of %s: %w", fantailv1.Subprotocol, err)
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
