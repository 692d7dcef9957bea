package text

import (
	"unicode"
	"unicode/utf8"
)

// AppendPrintable appends text as one line that cannot control a terminal. It writes
// escapes such as \n, \x1b, \u009b and \u202e in place of line breaks, control
// characters, bytes that are not UTF-8, and characters that change the direction of
// writing. A TAB stays.
func AppendPrintable(b, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1, r < ' ' && r != '\t', r == 0x7f:
			b = appendByteEscape(b, text[0])
		case unicode.IsControl(r) && r != '\t', turns(r):
			b = append(b, `\u`+hex(byte(r>>8))+hex(byte(r))...)
		default:
			b = append(b, text[:n]...)
		}
		text = text[n:]
	}
	return b
}

// AppendOneLine appends text and writes only its line breaks as escapes.
func AppendOneLine(b, text []byte) []byte {
	for _, c := range text {
		if c == '\n' || c == '\r' {
			b = appendByteEscape(b, c)
		} else {
			b = append(b, c)
		}
	}
	return b
}

func appendByteEscape(b []byte, c byte) []byte {
	switch c {
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	}
	return append(b, `\x`+hex(c)...)
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

// turns reports whether r changes the direction of what follows (Unicode UAX #9).
func turns(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x61c
}

// Excerpt returns at most the first most characters of text, as AppendPrintable
// writes them. An ellipsis follows if there are more.
func Excerpt(text []byte, most int) string {
	runes := []rune(string(AppendPrintable(nil, text[:min(len(text), most*utf8.UTFMax)])))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	if len(text) > most*utf8.UTFMax {
		return string(runes) + "…"
	}
	return string(runes)
}
