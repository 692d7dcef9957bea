package redact

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// wordOf finds what could be a token within any text.
var wordOf = regexp.MustCompile(`[A-Za-z0-9_.=%+/-]{20,}`)

// Text returns the beginning of a source's message in quotes, fit for a log
// line: sources repeat what they complain of, so what looks like a token is
// replaced.
func Text(payload []byte) string {
	const enough = 1 << 10
	return strconv.Quote(Quoted(string(payload[:min(len(payload), enough)])))
}

// Quoted makes what a source said fit for a log line, as Text does.
func Quoted(text string) string { return Clean(maskWords(text)) }

// maskWords replaces what looks like a token within a text.
func maskWords(text string) string {
	return wordOf.ReplaceAllStringFunc(text, func(word string) string {
		if strings.ContainsAny(word, "0123456789") {
			return Mask
		}
		return word
	})
}

// openNames are the fields of a frame that say what it is for. All other values
// may be secret.
var openNames = []string{"op", "event", "action", "type", "method", "channel", "jsonrpc"}

// Frame returns the shape of a frame that is sent to a source: of JSON the
// names and what kind of frame it is, of other text the first word.
func Frame(frame string) string {
	d := json.NewDecoder(strings.NewReader(frame))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err == nil && !d.More() {
		switch value.(type) {
		case map[string]any, []any:
			shape, _ := json.Marshal(maskValue(value, false)) // cannot fail: it was parsed before
			return Clean(string(shape))
		}
	}
	word, _, more := strings.Cut(frame, " ")
	switch {
	case more && !looksSecret(word):
		return Clean(word) + " " + Mask
	case more || looksSecret(word):
		return Mask
	}
	return Clean(word)
}

func maskValue(value any, open bool) any {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = maskValue(inner, slices.Contains(openNames, name))
		}
		return v
	case []any:
		for i, inner := range v {
			v[i] = maskValue(inner, false)
		}
		return v
	case string:
		if open && !looksSecret(v) {
			return v
		}
	}
	return Mask
}

// Clean makes another's text fit for a log line: one line of at most 200
// printable characters.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(s), " "))
	return string(runes[:min(len(runes), 200)])
}
