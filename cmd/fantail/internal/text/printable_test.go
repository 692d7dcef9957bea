package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestAppendPrintable(t *testing.T) {
	tests := []struct{ text, want, oneLine string }{
		{`{"a":"é€😀"}`, `{"a":"é€😀"}`, `{"a":"é€😀"}`},
		{"a\tb", "a\tb", "a\tb"},
		{"PING\r\n", `PING\r\n`, `PING\r\n`},
		{"\x1b[2J\x07\x7f\x00", `\x1b[2J\x07\x7f\x00`, "\x1b[2J\x07\x7f\x00"},
		{"\u009b31m\u0085", `\u009b31m\u0085`, "\u009b31m\u0085"},
		{"a\u202eb\u2066", `a\u202eb\u2066`, "a\u202eb\u2066"},
		{"\xff\xc3", `\xff\xc3`, "\xff\xc3"},
		{"\ufffd", "\ufffd", "\ufffd"},
		{"", "", ""},
	}
	for _, tt := range tests {
		if got := string(AppendPrintable(nil, []byte(tt.text))); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.text, got, tt.want)
		}
		if got := string(AppendOneLine(nil, []byte(tt.text))); got != tt.oneLine {
			t.Errorf("%q on one line: got %q, want %q", tt.text, got, tt.oneLine)
		}
	}
}

func TestExcerptOf(t *testing.T) {
	for text, want := range map[string]string{
		"abc": "abc", "abcd": "abcd", "abcde": "abcd…", "é\né": `é\né`, "€€€€€€€€€": "€€€€…", strings.Repeat("x", 99): "xxxx…",
	} {
		if got := Excerpt([]byte(text), 4); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a b c": "a b c", "one two three": "one two|three", "a verylongword b": "a|verylongword|b", "é é é é é": "é é é é|é",
	} {
		if got := strings.Join(Wrap(text, 7), "|"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"a\x1b[0m", "\xff\n", "é\u202e", "\u009b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := string(AppendPrintable(nil, text))
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\t' || turns(r) }) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
