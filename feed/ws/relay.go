package ws

import (
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/websocket"
)

// relayStream reads a relay: envelopes, or the raw messages of a relay that does not know
// them and tells its position only in the close frame.
type relayStream struct {
	*stream
	resume   *fantailv1.Resumption
	notice   func(fantailv1.Notice)
	envelope bool
	max      int64 // bytes of one message's payload
}

// Next returns the next message. It passes notices on before.
func (s *relayStream) Next() (driver.Event, error) {
	for {
		kind, err := s.read()
		if err != nil {
			s.noteClose(err)
			if s.envelope && int64(s.buf.Len()) > s.stream.max {
				s.resume.Passed(s.buf.Bytes())
			}
			return driver.Event{}, s.explain(err)
		}
		if !s.envelope {
			return s.whole(kind), nil
		}
		e, err := fantailv1.Parse(s.buf.Bytes())
		if err != nil {
			return driver.Event{}, driver.Fail(driver.ReasonLost, "the relay sent a message that is no envelope of %s: %w", fantailv1.Subprotocol, err)
		}
		s.resume.Reached(e.Position.String()) // also for a message that is dropped, so that it does not come again
		switch {
		case int64(len(e.Message.Payload)) > s.max:
			return driver.Dropped(driver.DropTooLarge), nil
		case e.Notice == nil:
			return driver.Message(&e.Message), nil
		}
		s.notice(*e.Notice)
	}
}

// noteClose takes the position from a close frame. If the relay no longer has the position,
// or a raw stream was cut, the next connection begins live, with a gap of unknown size.
func (s *relayStream) noteClose(err error) {
	code, reason, ok := websocket.CloseCode(err)
	at := fantailv1.ResumeIn(reason)
	switch {
	case ok && code != fantailv1.CodeGone && at != "":
		s.resume.Reached(at)
	case ok && code == fantailv1.CodeGone, !s.envelope: // the position of a raw stream is unknown after a cut
		s.resume.Reached("")
		s.notice(fantailv1.Notice{Kind: hub.Gap.String(), Unknown: true})
	}
}
