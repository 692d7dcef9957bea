package config

import (
	"strings"
	"testing"
)

func TestMaskURL(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"demo:", "demo:"},
		{"replay:/var/lib/day 1.rec?speed=x", "replay:/var/lib/day 1.rec?(hidden)"},
		{"example.com/feed", "example.com/feed"},
		{"example.com/feed?token=x&next=ws://h", "example.com/feed?(hidden)"},
		{"wss://u:pw@h/v3/token?token=x#f", "wss://(hidden)"},
		{"wss://u:p?w@h/", "wss://(hidden)"},
		{"u:p?w@h/", "(hidden)"},
	}
	for _, tt := range tests {
		if got := maskURL(tt.in); got != tt.want {
			t.Errorf("maskURL(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// FuzzMaskURL holds that no password, path or query of a URL is shown.
func FuzzMaskURL(f *testing.F) {
	f.Add("user", "pass", "token=1")
	f.Fuzz(func(t *testing.T, user, password, query string) {
		const secret = "\x01secret\x01"
		for _, s := range []string{
			"wss://" + user + ":" + secret + password + "@host/",
			"wss://host/?" + query + secret,
			"wss://host/" + secret + query,
		} {
			if got := maskURL(s); strings.Contains(got, secret) {
				t.Errorf("maskURL(%q) = %q", s, got)
			}
		}
	})
}
