package feed

import (
	"net/url"
	"slices"
	"strings"
)

// seam stands in the place of a message where a stream with a history begins, or
// goes on behind messages that are missing. It says how the messages behind it
// are numbered (hub.Input.Seq).
type seam struct {
	name   string // of the numbering, the same for whoever reads this stream; empty = they have no numbers
	behind uint64 // the number behind which they begin
	lapse  *lapse // what is missing; nil = nothing, it begins
}

func (s *seam) Error() string {
	if s.lapse == nil {
		return "the stream begins"
	}
	return s.lapse.Error()
}

// Numbered reports whether a source URL names a stream that a broker keeps under
// numbers of its own, which Config.Number will be told of.
func Numbered(address string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.Contains([]string{"redis", "rediss", "nats", "tls+nats"}, strings.ToLower(u.Scheme)) &&
		u.Query().Has("stream") && !strings.ContainsAny(address, " \t\r\n")
}
