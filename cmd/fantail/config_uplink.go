package main

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"

	"github.com/rs/zerolog"
)

// checkUplink checks what an uplink that forwards needs, and that what is set for
// one is meant.
func (p *parser) checkUplink(e *environment, c config) {
	switch forward := c.Uplink == "forward"; {
	case !p.good(&e.Uplink, &e.UplinkAllow):
	case forward && c.UplinkAllow == nil:
		p.reject(&e.UplinkAllow, `FANTAIL_UPLINK=forward lets clients send to the source; write what they may, such as ^{"type":"chat", or .* for all`)
	case !forward && c.UplinkAllow != nil:
		p.reject(&e.UplinkAllow, "nothing is forwarded with FANTAIL_UPLINK=%s; write forward there, or unset this", c.Uplink)
	}
}

// warnOfUplink warns of an uplink that lets more through than its operator may
// think: strangers can make use of it.
func warnOfUplink(c config, log zerolog.Logger) {
	if c.Uplink != "forward" {
		return
	}
	if expr := c.UplinkAllow.String(); expr != ".*" && !anchored(c.UplinkAllow) {
		log.Warn().Str("allow", expr).Msg("FANTAIL_UPLINK_ALLOW may match anywhere in a client's message, so more may pass than it seems; begin it with ^")
	}
	if slices.Contains(c.AllowedOrigins, "*") {
		log.Warn().Msg("pages of any origin may send to the source in the name of whoever looks at them; name the ones that may in FANTAIL_ALLOWED_ORIGINS instead of *")
	}
}

// parseRegexp parses a regular expression; none at all is nil.
func parseRegexp(s string) (*regexp.Regexp, error) {
	if s == "" {
		return nil, nil
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, fmt.Errorf("not a Go regular expression: %w; see https://pkg.go.dev/regexp/syntax", err)
	}
	return re, nil
}

// anchored says whether a regular expression matches at the start of a text
// alone.
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
