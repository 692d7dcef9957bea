package config

import (
	"fmt"
	"regexp"
)

// checkUplink checks what an uplink that forwards needs, and that what is set for
// one is meant.
func (p *parser) checkUplink(e *Environment, c Config) {
	switch forward := c.Uplink == "forward"; {
	case !p.good(&e.Uplink, &e.UplinkAllow):
	case forward && c.UplinkAllow == nil:
		p.reject(&e.UplinkAllow, `FANTAIL_UPLINK=forward lets clients send to the source; write what they may, such as ^{"type":"chat", or .* for all`)
	case !forward && c.UplinkAllow != nil:
		p.reject(&e.UplinkAllow, "nothing is forwarded with FANTAIL_UPLINK=%s; write forward there, or unset this", c.Uplink)
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
