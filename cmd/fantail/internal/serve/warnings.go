package serve

import (
	"regexp"
	"regexp/syntax"
	"slices"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/config"
	"fantail/feed"
	"fantail/relay"
)

// warnOfKeys warns of settings that need keys if messages have none.
func warnOfKeys(c config.Config, f *feed.Feed, log zerolog.Logger) {
	if f.HasKeys() {
		return
	}
	if c.Hub.Snapshot.Keys > 0 {
		log.Warn().Msg("the snapshot holds a single message, because this source's messages have no keys; set FANTAIL_SOURCE_KEY, or FANTAIL_SNAPSHOT=none")
	}
	if c.Relay.Access.KeyRequired {
		log.Warn().Msg("clients must name keys, but this source's messages have none; set FANTAIL_SOURCE_KEY, or FANTAIL_KEY_REQUIRED=false")
	}
}

// warnOfUplink warns of an uplink that lets more pass than its operator may think, since
// strangers can use that.
func warnOfUplink(c config.Config, log zerolog.Logger) {
	if c.Relay.Uplink.Mode != relay.UplinkForward {
		return
	}
	if expr := c.Relay.Uplink.Allow.String(); expr != ".*" && !anchored(c.Relay.Uplink.Allow) {
		log.Warn().Str("allow", expr).Msg("FANTAIL_UPLINK_ALLOW may match anywhere in a client's message, so more may pass than it seems; begin it with ^")
	}
	if slices.Contains(c.Relay.Access.AllowedOrigins, "*") {
		log.Warn().Msg("a page of any origin may send to the source in the name of its visitor; name the origins that may send in FANTAIL_ALLOWED_ORIGINS instead of *")
	}
}

// anchored reports whether a regular expression matches only at the start of a text.
func anchored(re *regexp.Regexp) bool {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	return err == nil && beginsText(tree)
}

func beginsText(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText:
		return true
	case syntax.OpConcat, syntax.OpCapture:
		return beginsText(re.Sub[0])
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(branch *syntax.Regexp) bool { return !beginsText(branch) })
	}
	return false
}
