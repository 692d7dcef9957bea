package stage

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"fantail/hub"
)

const (
	maxKeySpec = 4 << 10 // bytes of Messages.Key
	maxKeyPath = 16      // paths in it

	keyRegexp = "re:" // starts a Messages.Key that is a regular expression
)

// Keyer cuts the key out of a message, as Messages.Key says. It is immutable, so any
// goroutine may use it.
type Keyer struct {
	paths []string       // gjson paths, whose values are joined by ":"
	re    *regexp.Regexp // replaces paths; its one group is the key
}

// CheckKey returns what is wrong with a Messages.Key; nil = nothing.
func CheckKey(spec string) error {
	if _, err := NewKeyer(spec); err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	return nil
}

// NewKeyer parses a Messages.Key. It returns nil for an empty one. The error has no
// subject, so that its caller can put the name of the setting in front.
func NewKeyer(spec string) (*Keyer, error) {
	expr, isRegexp := strings.CutPrefix(spec, keyRegexp)
	switch {
	case spec == "":
		return nil, nil
	case len(spec) > maxKeySpec:
		return nil, fmt.Errorf("has %d bytes; write at most %d", len(spec), maxKeySpec)
	case isRegexp:
		return newRegexpKeyer(expr)
	}
	paths := splitPaths(spec)
	if len(paths) > maxKeyPath {
		return nil, fmt.Errorf("has %d paths; write at most %d", len(paths), maxKeyPath)
	}
	for i, p := range paths {
		if err := checkPath(p); err != nil {
			return nil, fmt.Errorf("path %d, %.40q, %w", i+1, p, err)
		}
	}
	return &Keyer{paths: paths}, nil
}

func newRegexpKeyer(expr string) (*Keyer, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("holds no Go regular expression behind re: %w", err)
	}
	if n := re.NumSubexp(); n != 1 {
		return nil, fmt.Errorf("has a regular expression with %d groups; put ( ) around the key alone, and (?: ) around the rest", n)
	}
	return &Keyer{re: re}, nil
}

// splitPaths cuts at each colon without a backslash before it, and removes the backslash
// before each other colon.
func splitPaths(spec string) (paths []string) {
	var path strings.Builder
	for i := 0; i < len(spec); i++ {
		switch {
		case spec[i] == ':':
			paths = append(paths, path.String())
			path.Reset()
		case spec[i] == '\\' && i+1 < len(spec) && spec[i+1] == ':':
			i++
			path.WriteByte(':')
		case spec[i] == '\\' && i+1 < len(spec): // gjson's own escape
			path.WriteString(spec[i : i+2])
			i++
		default:
			path.WriteByte(spec[i])
		}
	}
	return append(paths, path.String())
}

// checkPath refuses a path that gjson would accept but that could never match.
func checkPath(p string) error {
	switch {
	case p == "":
		return errors.New(`is empty; write gjson paths such as stream or arg.channel:arg.instId, and \: for a colon within one`)
	case !utf8.ValidString(p):
		return errors.New("is not UTF-8")
	case strings.TrimSpace(p) != p:
		return errors.New("has spaces around it; remove them")
	case strings.HasPrefix(p, "."), strings.HasSuffix(p, "."), strings.HasPrefix(p, "|"), strings.HasSuffix(p, "|"):
		return errors.New("starts or ends with a separator; remove it")
	case strings.Contains(p, "#(") && !strings.Contains(p, ")"):
		return errors.New("has a query that does not end; write a query such as data.#(side==buy).symbol")
	case strings.HasPrefix(p, "!"):
		return errors.New("is a constant; write the path of the key in the message")
	}
	return nil
}

// errKey means that the key of a message cannot be used.
var errKey = errors.New("feed: a key that is too long or not UTF-8")

// Key returns the key of a message; empty = it has none. An error means that its key is
// longer than hub.MaxKey or not UTF-8.
func (k *Keyer) Key(kind hub.Kind, payload []byte) (key string, err error) {
	switch {
	case k.re != nil:
		key, err = k.matched(payload)
	case kind == hub.Text && isComposite(payload):
		key = k.joined(payload)
	}
	if err != nil || len(key) > hub.MaxKey || !utf8.ValidString(key) {
		return "", errKey
	}
	return key, nil
}

// matched returns the text of the group. It copies no more than a key may have.
func (k *Keyer) matched(payload []byte) (string, error) {
	at := k.re.FindSubmatchIndex(payload)
	switch {
	case at == nil || at[2] < 0:
		return "", nil
	case at[3]-at[2] > hub.MaxKey:
		return "", errKey
	}
	return string(payload[at[2]:at[3]]), nil
}

// joined returns the values of the paths with colons between them. It returns nothing if
// all values are empty.
func (k *Keyer) joined(payload []byte) string {
	if len(k.paths) == 1 { // fast path: no list, nothing to join
		return text(gjson.GetBytes(payload, k.paths[0]))
	}
	values, any := make([]string, len(k.paths)), false
	for i, path := range k.paths {
		values[i] = text(gjson.GetBytes(payload, path))
		any = any || values[i] != ""
	}
	if !any {
		return ""
	}
	return strings.Join(values, ":")
}

// text returns the characters of a string, and nothing for null and for a missing value.
// Everything else is returned as the message has it, so a number keeps all its digits.
func text(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		return v.Str
	case gjson.Null:
		return ""
	}
	return v.Raw
}

// isComposite reports whether a text starts as an object or an array of JSON. In any other
// text gjson would find values where there are none.
func isComposite(payload []byte) bool {
	for _, c := range payload {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '{' || c == '['
	}
	return false
}
