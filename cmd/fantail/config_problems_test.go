package main

import (
	"strings"
	"testing"
)

func TestMaskURL(t *testing.T) {
	tests := []struct{ in, want string }{
		{"demo:", "demo:"},
		{"ws://h:1/p", "ws://h:1/p"},
		{"wss://u:pw@h/p?token=x#f", "wss://(hidden)@h/p?(hidden)"},
		{"wss://u:p/w@h/", "wss://(hidden)@h/"},
		{"u:pw@h/p", "(hidden)"},
		{"wss://h/p?mail=a@b", "wss://(hidden)@b"},
		{"wss://u:p?w@h/", "wss://(hidden)@h/"},
		{"wss://h/#token", "wss://h/#(hidden)"},
	}
	for _, tt := range tests {
		if got := maskURL(tt.in); got != tt.want {
			t.Errorf("maskURL(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// FuzzMaskURL holds that no password and no query of a well-formed URL is shown.
func FuzzMaskURL(f *testing.F) {
	f.Add("user", "pass", "token=1")
	f.Fuzz(func(t *testing.T, user, password, query string) {
		const secret = "\x01secret\x01"
		for _, s := range []string{
			"wss://" + user + ":" + secret + password + "@host/",
			"wss://host/?" + query + secret,
		} {
			if got := maskURL(s); strings.Contains(got, secret) {
				t.Errorf("maskURL(%q) = %q", s, got)
			}
		}
	})
}
