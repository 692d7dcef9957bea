package relay

import (
	"net/http"
	"strconv"
	"strings"
)

// deflateParams are the parameters of permessage-deflate that a handshake agreed on
// (RFC 7692 section 7).
type deflateParams struct {
	compress   bool
	noContext  bool // server_no_context_takeover: each message is compressed by itself
	fullWindow bool // the client asked for server_max_window_bits=15, which needs an answer
}

// maxOffers bounds the extension offers that are looked at. A browser makes one.
const maxOffers = 16

const deflateName = "permessage-deflate"

// negotiate chooses the first offer of permessage-deflate that the relay can accept,
// because a client lists its preferred offer first (RFC 7692 section 5). ok is false if
// the header breaks the grammar of RFC 6455 section 9.1; then the handshake must fail.
func negotiate(h http.Header) (t deflateParams, ok bool) {
	rest := strings.Join(h["Sec-Websocket-Extensions"], ",")
	for range maxOffers {
		var o offer
		if o, rest, ok = cutOffer(rest); !ok {
			return deflateParams{}, false
		}
		if t := o.accept(); t.compress {
			return t, true
		}
		if rest == "" {
			break
		}
	}
	return deflateParams{}, true
}

// answer returns the extension header of the response, empty without compression. It
// asks the client to keep no context: a client sends little, and a window of 32 KiB for
// each client is much.
func (t deflateParams) answer() string {
	if !t.compress {
		return ""
	}
	s := t.request()
	if t.fullWindow {
		s += "; server_max_window_bits=15"
	}
	return s
}

// request returns what the library sees in place of the client's header, so that it
// agrees to what was chosen here.
func (t deflateParams) request() string {
	s := deflateName + "; client_no_context_takeover"
	if t.noContext {
		s += "; server_no_context_takeover"
	}
	return s
}

// offer is one extension that a client offers, with its parameters.
type offer struct {
	name   string // empty: a list may have empty elements
	params []param
}

type param struct {
	name, value string
	valued      bool
}

// accept returns the parameters that the relay can agree on. They are zero if the offer
// is of another extension, if a parameter is unknown, repeated or malformed, or if it
// asks for a smaller window than that of the shared stream (RFC 7692 section 7.1).
func (o offer) accept() (t deflateParams) {
	if !strings.EqualFold(o.name, deflateName) {
		return t
	}
	seen := make(map[string]bool)
	for _, p := range o.params {
		if seen[p.name] {
			return deflateParams{}
		}
		seen[p.name] = true
		good := false
		switch p.name {
		case "server_no_context_takeover":
			good, t.noContext = !p.valued, true
		case "client_no_context_takeover":
			good = !p.valued
		case "server_max_window_bits":
			good, t.fullWindow = p.valued && p.value == "15", true
		case "client_max_window_bits":
			good = !p.valued || isWindowBits(p.value)
		}
		if !good {
			return deflateParams{}
		}
	}
	t.compress = true
	return t
}

// isWindowBits reports whether s is a window size: 8 to 15, without a leading zero.
func isWindowBits(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 8 && n <= 15 && s[0] != '0' && s[0] != '+'
}

// cutOffer takes the first extension off a list:
//
//	extension = token *( ";" token [ "=" ( token / quoted-string ) ] )
func cutOffer(s string) (o offer, rest string, ok bool) {
	s = trimSpace(s)
	if s == "" || s[0] == ',' {
		return o, strings.TrimPrefix(s, ","), true
	}
	if o.name, s = cutToken(s); o.name == "" {
		return o, "", false
	}
	for {
		s = trimSpace(s)
		switch {
		case s == "":
			return o, "", true
		case s[0] == ',':
			return o, s[1:], true
		case s[0] != ';':
			return o, "", false
		}
		var p param
		if p, s, ok = cutParam(trimSpace(s[1:])); !ok {
			return o, "", false
		}
		o.params = append(o.params, p)
	}
}

func cutParam(s string) (p param, rest string, ok bool) {
	if p.name, s = cutToken(s); p.name == "" {
		return p, "", false
	}
	s = trimSpace(s)
	if !strings.HasPrefix(s, "=") {
		return p, s, true
	}
	p.valued, s = true, trimSpace(s[1:])
	if strings.HasPrefix(s, `"`) {
		p.value, s, ok = cutQuoted(s[1:])
		return p, s, ok
	}
	p.value, s = cutToken(s)
	return p, s, p.value != ""
}

// cutQuoted takes the rest of a quoted string off s. The quoted text has to be a token,
// so it holds nothing that needs a backslash.
func cutQuoted(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			value, left := cutToken(b.String())
			return value, s[i+1:], value != "" && left == ""
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// cutToken takes a token (RFC 9110 section 5.6.2) off s.
func cutToken(s string) (token, rest string) {
	i := 0
	for i < len(s) && isTokenByte(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func isTokenByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func trimSpace(s string) string { return strings.TrimLeft(s, " \t") }

// cannotInflate reports whether a browser offers compression and is known to fail at
// it: Safari 15, and everything that uses its engine on iOS 15.
func cannotInflate(agent string) bool {
	return strings.Contains(agent, "Safari/") && strings.Contains(agent, "Version/15.") && !strings.Contains(agent, "Chrom") ||
		strings.Contains(agent, "iPhone OS 15_") || strings.Contains(agent, "CPU OS 15_")
}
