package fantailv1

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"

	"fantail/hub"
)

const (
	// Subprotocol is the WebSocket subprotocol in which a relay sends envelopes, and
	// so tells positions and notices.
	Subprotocol = "fantail.v1"
	// PositionHeader is the header of a relay's answer that names the position from
	// which the client is served.
	PositionHeader = "Fantail-Position"
	// CodeGone is the code of the close frame by which a relay tells a client of raw
	// messages that its position is no longer held.
	CodeGone = 4410
)

// Resumption remembers where the feed of a relay stands, for the next connection. The
// zero value knows no position. Any goroutine.
type Resumption struct {
	mu sync.Mutex // guards all below
	at string     // the position after the last message, or after a gap; empty = none known
}

// Position returns the position to resume after; empty if none is known.
func (r *Resumption) Position() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// Reached notes the position after the last message, or after a gap. An empty one
// has the next connection begin live.
func (r *Resumption) Reached(at string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = at
}

// Address returns the URL to connect to: after the last position, if there is one.
// What the URL itself says about the beginning was for the first time.
func (r *Resumption) Address(first string) string {
	at := r.Position()
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

// Offer returns the subprotocols to offer beside the client's own.
func Offer(own []string) []string {
	if slices.Contains(own, Subprotocol) {
		return own
	}
	return append(slices.Clone(own), Subprotocol)
}

// SendsEnvelopes reports whether an answer to a handshake is that of a relay which
// sends envelopes. A subprotocol alone is not enough: there are servers that take
// any.
func SendsEnvelopes(answer http.Header) bool {
	return answer.Get("Sec-WebSocket-Protocol") == Subprotocol && IsRelay(answer)
}

// IsRelay reports whether an answer is a relay's.
func IsRelay(answer http.Header) bool { return IsPosition(answer.Get(PositionHeader)) }

// IsPosition reports whether a text is a position.
func IsPosition(s string) bool {
	_, err := hub.ParsePosition(s)
	return err == nil
}

// resumeIn finds the position in the reason of a relay's close frame.
var resumeIn = regexp.MustCompile(`(?:^|[; ])resume=([a-z0-9]+-[0-9]+)`)

// ResumeIn returns the position in the reason of a relay's close frame, from which the
// next connection goes on. It is empty if there is none.
func ResumeIn(reason string) string {
	if found := resumeIn.FindStringSubmatch(reason); found != nil {
		return found[1]
	}
	return ""
}

// cutPos finds the position in the beginning of an envelope.
var cutPos = regexp.MustCompile(`^\{"pos":"([a-z0-9]+-[0-9]+)"`)

// Passed takes the position from the beginning of an envelope that is too large to
// be read, so that it is not asked for again and again. It reports whether there is
// one.
func (r *Resumption) Passed(begin []byte) bool {
	found := cutPos.FindSubmatch(begin)
	if found == nil || !IsPosition(string(found[1])) {
		return false
	}
	r.Reached(string(found[1]))
	return true
}
