package ws

import (
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/websocket"
)

// relayStream reads a relay: envelopes, or raw messages of one that is too old
// for them and only tells its position in the close frame.
type relayStream struct {
	*stream
	resume   *fantailv1.Resumption
	notice   func(fantailv1.Notice)
	envelope bool
	max      int64 // bytes of one message's payload
}

// Next returns the next message. Notices on the way are told.
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
			return driver.Event{}, driver.Fail(driver.ReasonLost, "the relay sent what is no envelope of %s: %w", fantailv1.Subprotocol, err)
		}
		s.resume.Reached(e.Position.String()) // behind one that is dropped too, lest it be asked for again
		switch {
		case int64(len(e.Message.Payload)) > s.max:
			return driver.Dropped(driver.DropTooLarge), nil
		case e.Notice == nil:
			return driver.Message(&e.Message), nil
		}
		s.notice(*e.Notice)
	}
}

// noteClose takes the position from a close frame. One that is gone begins
// anew, with a gap of which nothing is known.
func (s *relayStream) noteClose(err error) {
	code, reason, ok := websocket.CloseCode(err)
	at := fantailv1.ResumeIn(reason)
	switch {
	case ok && code != fantailv1.CodeGone && at != "":
		s.resume.Reached(at)
	case ok && code == fantailv1.CodeGone, !s.envelope: // cut: where a raw stream stood, nobody knows
		s.resume.Reached("")
		s.notice(fantailv1.Notice{Kind: hub.Gap.String(), Unknown: true})
	}
}
