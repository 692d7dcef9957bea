package main

import "strconv"

// maxShown is how much of somebody else's text is shown, in characters.
const maxShown = 80

// shorten cuts a text that is long.
func shorten(s string) string {
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return s
}

// quote prints a word of the user's inside a sentence.
func quote(s string) string { return strconv.Quote(shorten(s)) }
