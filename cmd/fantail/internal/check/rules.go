package check

import (
	"strings"

	"github.com/dustin/go-humanize"

	"fantail/feed"
	"fantail/feed/driver"
)

// rules reports each of FANTAIL_SOURCE_RULES: how often it matched, and the shape of the
// replies, without values that may be secret.
func (r *checkReport) rules(stats feed.Stats) {
	for i, rule := range stats.Rules {
		what := rule.Do.String()
		if len(rule.Send) > 0 {
			what += " " + strings.Join(rule.Send, ", ")
		}
		switch {
		case rule.Messages == 0:
			r.ok("rule", "%d matched nothing so far (%s)", i+1, what)
		case rule.Messages == 1:
			r.ok("rule", "%d matched a message: %s", i+1, what)
		default:
			r.ok("rule", "%d matched %s messages: %s", i+1, humanize.Comma(int64(rule.Messages)), what)
		}
	}
	if stats.Unsent > 0 {
		r.warn("rule", "%s replies were not sent, as too many waited; let fewer messages match, or raise FANTAIL_SOURCE_SEND_RATE", humanize.Comma(int64(stats.Unsent)))
	}
	if n := stats.Dropped[driver.DropRule]; n > 0 {
		r.ok("rule", "%s messages were kept from the clients, as the rules say", humanize.Comma(int64(n)))
	}
}
