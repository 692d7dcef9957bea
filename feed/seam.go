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

// Numbered reports whether Config.Number will be told of numbers: of one source,
// a stream that a broker keeps under numbers of its own. Parts of a message would
// share one, and several sources have each their own.
func (c Config) Numbered() bool {
	return c.Split == SplitNone && c.Seq == "" && isNumbered(c.URL)
}

// isNumbered says whether a source URL names a stream with numbers.
func isNumbered(address string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.Contains([]string{"redis", "rediss", "nats", "tls+nats"}, strings.ToLower(u.Scheme)) &&
		u.Query().Has("stream") && !strings.ContainsAny(address, " \t\r\n")
}
