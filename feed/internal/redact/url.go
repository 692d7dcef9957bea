package redact

import (
	"net/url"
	"regexp"
	"strings"
)

// Mask stands in the place of what is hidden.
const Mask = "***"

// secretName matches the names of query parameters that hold secrets.
var secretName = regexp.MustCompile(`(?i)token|key|secret|passw|pwd|auth|sig|cred|session|ticket|jwt`)

// secretValue matches what looks like a token: 20 or more characters of the
// alphabets that tokens are made of. Providers also put them into paths.
var secretValue = regexp.MustCompile(`^[A-Za-z0-9_.=%-]{20,}$`)

// URL returns a URL that is fit for logs: without user and password, and
// with what looks like a secret in query and path replaced. A URL that cannot be
// parsed keeps its scheme only.
func URL(address string) string {
	scheme, rest, _ := strings.Cut(address, ":")
	if !strings.HasPrefix(rest, "//") {
		return address // local: a path, stdin, the demo
	}
	u, err := url.Parse(address)
	if err != nil {
		return scheme + "://" + Mask
	}
	var b strings.Builder
	b.WriteString(u.Scheme + "://")
	if u.User != nil {
		b.WriteString(Mask + "@")
	}
	b.WriteString(u.Host + maskPath(u.EscapedPath()))
	if u.RawQuery != "" {
		b.WriteString("?" + maskQuery(u.RawQuery))
	}
	return b.String()
}

func maskPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if looksSecret(part) {
			parts[i] = Mask
		}
	}
	return strings.Join(parts, "/")
}

func maskQuery(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		switch {
		case found && (secretName.MatchString(name) || looksSecret(value)):
			pairs[i] = name + "=" + Mask
		case !found && looksSecret(name):
			pairs[i] = Mask
		}
	}
	return strings.Join(pairs, "&")
}

// looksSecret says whether s looks like a token: long, of a token's alphabet,
// with a digit. It would rather mask a name than show a secret.
func looksSecret(s string) bool {
	return secretValue.MatchString(s) && strings.ContainsAny(s, "0123456789")
}
