package feed

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"

	"fantail/hub"
	"fantail/hub/websocket"
)

// envelopes is the subprotocol in which a relay tells positions and notices.
const envelopes = "fantail.v1"

// resumption is what a driver knows of the relay that is its source: where the
// feed stands. Config.Resume wants one, and an http source always has one.
type resumption struct {
	notify func(Notice)

	mu sync.Mutex // guards all below
	at string     // the position behind the last message, or behind a gap; empty = none known
}

func (r *resumption) position() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

func (r *resumption) reached(at string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = at
}

// address returns the URL to connect to: behind the last position, if there is
// one. What the URL itself says about the beginning was for the first time.
func (r *resumption) address(first string) string {
	at := r.position()
	u, err := url.Parse(first)
	if at == "" || err != nil { // it was checked
		return first
	}
	query := u.Query()
	query.Del("last")
	query.Del("snapshot")
	query.Set("since", at)
	u.RawQuery = query.Encode()
	return u.String()
}

// offer returns the subprotocols to offer.
func (r *resumption) offer(own []string) []string {
	if slices.Contains(own, envelopes) {
		return own
	}
	return append(slices.Clone(own), envelopes)
}

// speaksEnvelopes reports whether an answer to a handshake is that of a relay
// which sends envelopes. A subprotocol alone is not enough: there are servers
// that take any.
func speaksEnvelopes(resp *http.Response) bool {
	return resp.Header.Get("Sec-WebSocket-Protocol") == envelopes && isRelay(resp)
}

func isRelay(resp *http.Response) bool { return isPosition(resp.Header.Get("Fantail-Position")) }

func isPosition(s string) bool {
	_, err := hub.ParsePosition(s)
	return err == nil
}

// resumeIn finds the position in the reason of a relay's close frame.
var resumeIn = regexp.MustCompile(`(?:^|[; ])resume=([a-z0-9]+-[0-9]+)`)

// relayStream reads a relay: envelopes, or raw messages of one that is too old
// for them and only tells its position in the close frame.
type relayStream struct {
	*wsStream
	resume   *resumption
	envelope bool
	max      int64 // bytes of one message's payload
}

// cutPos finds the position in the beginning of an envelope.
var cutPos = regexp.MustCompile(`^\{"pos":"([a-z0-9]+-[0-9]+)"`)

// passed takes the position from the beginning of an envelope that is too large
// to be read, lest it be asked for again and again. It reports whether there is one.
func (r *resumption) passed(begin []byte) bool {
	found := cutPos.FindSubmatch(begin)
	if found == nil || !isPosition(string(found[1])) {
		return false
	}
	r.reached(string(found[1]))
	return true
}

// envelopeRoom is how much larger than its payload an envelope may be: each
// byte of a text may be written as \u0000.
func envelopeRoom(payload int64) int64 { return 6*payload + 16<<10 }

// next returns the next message. Notices on the way go to the resumption.
func (s *relayStream) next() (Event, error) {
	for {
		kind, err := s.read()
		if err != nil {
			s.noteClose(err)
			if s.envelope && int64(s.buf.Len()) > s.wsStream.max {
				s.resume.passed(s.buf.Bytes())
			}
			return Event{}, s.explain(err)
		}
		if !s.envelope {
			return s.whole(kind), nil
		}
		e, err := parseEnvelope(s.buf.Bytes())
		if err != nil {
			return Event{}, Fail(ReasonLost, "the relay sent what is no envelope of %s: %w", envelopes, err)
		}
		s.resume.reached(e.pos.String()) // behind one that is dropped too, lest it be asked for again
		switch {
		case int64(len(e.message.Payload)) > s.max:
			return Dropped(DropTooLarge), nil
		case e.notice == nil:
			return Message(&e.message), nil
		}
		s.resume.notify(*e.notice)
	}
}

// noteClose takes the position from a close frame. One that is gone begins
// anew, with a gap of which nothing is known.
func (s *relayStream) noteClose(err error) {
	code, reason, ok := websocket.CloseCode(err)
	switch found := resumeIn.FindStringSubmatch(reason); {
	case ok && code == 4410:
		s.resume.reached("")
		s.resume.notify(Notice{Kind: "gap", Unknown: true})
	case ok && found != nil:
		s.resume.reached(found[1])
	case !s.envelope: // cut: where a raw stream stood, nobody knows
		s.resume.reached("")
		s.resume.notify(Notice{Kind: "gap", Unknown: true})
	}
}
