package relay

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// originPolicy says which web pages may connect. A browser sends the page's
// Origin with every WebSocket handshake (RFC 6455 section 10.2) and lets the
// server decide; programs send none and are let in.
type originPolicy struct {
	any      bool
	patterns []originPattern
}

type originPattern struct {
	scheme string // empty is any
	host   string // path.Match pattern, in lower case, with the port if one is meant
}

// newOriginPolicy reads patterns: "*" for any, "https://app.example.com",
// "app.example.com" for any scheme, "*.example.com" for its subdomains. The same
// origin is always allowed.
func newOriginPolicy(patterns []string) (originPolicy, error) {
	var p originPolicy
	for _, text := range patterns {
		if text == "*" {
			p.any = true
			continue
		}
		o := originPattern{host: strings.ToLower(text)}
		if scheme, host, ok := strings.Cut(o.host, "://"); ok {
			o = originPattern{scheme, host}
		}
		if _, err := path.Match(o.host, ""); err != nil || o.host == "" || strings.ContainsAny(o.host, "/ ") {
			return p, fmt.Errorf("relay: origin %q is none; write https://app.example.com, *.example.com or *", text)
		}
		p.patterns = append(p.patterns, o)
	}
	return p, nil
}

// allows decides about one handshake. host is the request's own Host.
func (p originPolicy) allows(origin, host string) bool {
	if origin == "" || p.any {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	from := strings.ToLower(u.Host)
	if from == strings.ToLower(host) {
		return true
	}
	for _, o := range p.patterns {
		if ok, _ := path.Match(o.host, from); ok && (o.scheme == "" || o.scheme == u.Scheme) {
			return true
		}
	}
	return false
}
