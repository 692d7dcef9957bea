package feed

import (
	"fantail/hub/websocket"
)

// relayStream reads a relay: envelopes, or raw messages of one that is too old
// for them and only tells its position in the close frame.
type relayStream struct {
	*wsStream
	resume   *Resumption
	notice   func(Notice)
	envelope bool
	max      int64 // bytes of one message's payload
}

// next returns the next message. Notices on the way are told.
func (s *relayStream) next() (Event, error) {
	for {
		kind, err := s.read()
		if err != nil {
			s.noteClose(err)
			if s.envelope && int64(s.buf.Len()) > s.wsStream.max {
				s.resume.Passed(s.buf.Bytes())
			}
			return Event{}, s.explain(err)
		}
		if !s.envelope {
			return s.whole(kind), nil
		}
		e, err := Parse(s.buf.Bytes())
		if err != nil {
			return Event{}, Fail(ReasonLost, "the relay sent what is no envelope of %s: %w", Subprotocol, err)
		}
		s.resume.Reached(e.Position.String()) // behind one that is dropped too, lest it be asked for again
		switch {
		case int64(len(e.Message.Payload)) > s.max:
			return Dropped(DropTooLarge), nil
		case e.Notice == nil:
			return Message(&e.Message), nil
		}
		s.notice(*e.Notice)
	}
}

// noteClose takes the position from a close frame. One that is gone begins
// anew, with a gap of which nothing is known.
func (s *relayStream) noteClose(err error) {
	code, reason, ok := websocket.CloseCode(err)
	at := ResumeIn(reason)
	switch {
	case ok && code != CodeGone && at != "":
		s.resume.Reached(at)
	case ok && code == CodeGone, !s.envelope: // cut: where a raw stream stood, nobody knows
		s.resume.Reached("")
		s.notice(Notice{Kind: "gap", Unknown: true})
	}
}
