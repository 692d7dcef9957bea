package relay

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// originPolicy says which web pages may connect. A browser sends the page's Origin with
// every WebSocket handshake (RFC 6455 section 10.2) and leaves the decision to the
// server. Programs send none and are allowed.
type originPolicy struct {
	any      bool
	patterns []originPattern
}

type originPattern struct {
	scheme     string // empty is any
	host       string // in lower case, with the port if one is meant
	subdomains bool   // host begins with a dot, and what matches ends in it
}

// newOriginPolicy reads patterns: "*" for any, "https://app.example.com",
// "app.example.com" for any scheme, "*.example.com" for its subdomains. The same
// origin is always allowed.
func newOriginPolicy(patterns []string) (p originPolicy, err error) {
	for _, text := range patterns {
		if text == "*" {
			p.any = true
			continue
		}
		o, bad := parseOriginPattern(text)
		err = errors.Join(err, bad)
		p.patterns = append(p.patterns, o)
	}
	return p, err
}

// CheckOrigin returns what is wrong with a pattern of Access.AllowedOrigins, nil if
// nothing is.
func CheckOrigin(pattern string) error {
	_, err := newOriginPolicy([]string{pattern})
	return err
}

func parseOriginPattern(text string) (o originPattern, err error) {
	o.host = strings.ToLower(text)
	if scheme, host, ok := strings.Cut(o.host, "://"); ok {
		o.scheme, o.host = scheme, host
	}
	o.host, o.subdomains = strings.CutPrefix(o.host, "*")
	u, err := url.Parse("https://" + strings.TrimPrefix(o.host, "."))
	if err != nil || u.Hostname() == "" || "https://"+u.Host != u.String() ||
		strings.Contains(o.host, "*") || strings.HasPrefix(o.host, ".") != o.subdomains {
		return o, fmt.Errorf("relay: %.80q is no origin; write scheme and host only, such as https://app.example.com, or *.example.com, or * for any", text)
	}
	return o, nil
}

// matches takes the parts of an origin in lower case.
func (o originPattern) matches(scheme, host string) bool {
	if o.scheme != "" && o.scheme != scheme {
		return false
	}
	if o.subdomains {
		return strings.HasSuffix(host, o.host)
	}
	return host == o.host
}

// allows decides about one request. host is the request's own Host.
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
		if o.matches(strings.ToLower(u.Scheme), from) {
			return true
		}
	}
	return false
}

// share lets a page of an allowed origin read the answer, a refusal's sentence included
// (WHATWG Fetch, section 3.2).
func (r *Relay) share(h http.Header, req *http.Request) {
	origin := req.Header.Get("Origin")
	if origin == "" {
		return
	}
	h.Add("Vary", "Origin")
	if r.rules.origins.allows(origin, req.Host) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Fantail-Position, Retry-After")
	}
}
