package feed

import (
	"net/url"
	"slices"
	"strings"
)

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
