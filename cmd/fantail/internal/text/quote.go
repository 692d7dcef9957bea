package text

import "strconv"

// maxShown is how much of somebody else's text is shown, in characters.
const maxShown = 80

// Shorten cuts a text that is long.
func Shorten(s string) string {
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return s
}

// Quote prints a word of the user's inside a sentence.
func Quote(s string) string { return strconv.Quote(Shorten(s)) }
