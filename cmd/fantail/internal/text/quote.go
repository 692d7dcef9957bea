package text

import "strconv"

// maxShown is the number of characters of a foreign text that are shown.
const maxShown = 80

// Shorten cuts a text after its first 80 characters.
func Shorten(s string) string {
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return s
}

// Quote returns a foreign word as it can stand in a sentence: shortened, in quotes and
// with escapes.
func Quote(s string) string { return strconv.Quote(Shorten(s)) }
