package feed

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"fantail/hub"
)

// eventStream reads Server-Sent Events. An event is a message, and its type, if
// it has one, the message's key. A relay's are opened (relayEvent).
type eventStream struct {
	*httpBody
	events *events
	relay  bool
}

func (s *eventStream) next() (hub.Input, error) {
	ev, err := s.events.next()
	s.driver.retry.Store(int64(s.events.retry))
	s.driver.resume.reached(s.events.lastID)
	switch {
	case err == errAlive || err == DropTooLarge:
		return hub.Input{}, err
	case err != nil:
		return hub.Input{}, s.lost(err)
	case s.relay:
		return s.relayEvent(ev)
	}
	return hub.Input{Key: ev.kind, Payload: ev.data}, nil
}

// relayEvent opens what a relay's /sse sends: its notices, and messages that are
// no lines of text, in base64. Of those, text with a CR in it is text again; all
// else is binary.
func (s *eventStream) relayEvent(ev event) (in hub.Input, err error) {
	switch ev.kind {
	case "notice":
		var w wireEnvelope
		if err := json.Unmarshal(ev.data, &w); err != nil {
			return in, fail(ReasonLost, "the relay sent a notice that is none: %w", err)
		}
		s.driver.resume.notify(w.asNotice())
		return in, errAlive
	case "base64":
		n, err := base64.StdEncoding.Decode(ev.data, ev.data)
		if err != nil {
			return in, fail(ReasonLost, "the relay sent a message that is no base64: %w", err)
		}
		in.Payload, in.Kind = ev.data[:n], hub.Binary
		if utf8.Valid(in.Payload) && bytes.IndexByte(in.Payload, '\r') >= 0 {
			in.Kind = hub.Text
		}
		return in, nil
	}
	return hub.Input{Payload: ev.data}, nil
}

// messageLines reads a message a line. An empty line is a sign of life, and a CR
// at the end belongs to the line's end, as in JSON it means nothing.
type messageLines struct {
	*httpBody
	lines *streamLines
	max   int
}

func (s *messageLines) next() (hub.Input, error) {
	line, err := s.lines.next()
	line = bytes.TrimSuffix(line, []byte{'\r'})
	switch {
	case err != nil:
		return hub.Input{}, s.lost(err)
	case s.lines.cut || len(line) > s.max:
		return hub.Input{}, DropTooLarge
	case len(line) == 0:
		return hub.Input{}, errAlive
	}
	return hub.Input{Payload: line}, nil
}

// envelopeLines reads a relay's /stream: an envelope a line.
type envelopeLines struct {
	*httpBody
	lines *streamLines
	max   int64 // bytes of one message's payload
}

func (s *envelopeLines) next() (hub.Input, error) {
	line, err := s.lines.next()
	switch {
	case err != nil:
		return hub.Input{}, s.lost(err)
	case s.lines.cut && s.driver.resume.passed(line):
		return hub.Input{}, DropTooLarge
	case s.lines.cut:
		return hub.Input{}, tooLarge(s.max)
	}
	e, err := parseEnvelope(line)
	switch {
	case err != nil:
		return hub.Input{}, fail(ReasonLost, "the relay sent what is no envelope of %s: %w", envelopes, err)
	case int64(len(e.message.Payload)) > s.max:
		s.driver.resume.reached(e.pos.String())
		return hub.Input{}, DropTooLarge
	}
	s.driver.resume.reached(e.pos.String())
	if e.notice != nil {
		s.driver.resume.notify(*e.notice)
		return hub.Input{}, errAlive
	}
	return e.message, nil
}
