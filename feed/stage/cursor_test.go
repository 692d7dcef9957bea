package stage

import (
	"net/url"
	"strings"
	"testing"

	"fantail/hub"
)

func TestCursorFill(t *testing.T) {
	tests := []struct{ url, value, want string }{
		{"wss://h/s?a=1&cursor={cursor}&b=2", "", "wss://h/s?a=1&b=2"},
		{"wss://h/s?a=1&cursor={cursor}&b=2", "42", "wss://h/s?a=1&cursor=42&b=2"},
		{"wss://h/s?cursor={cursor}", "", "wss://h/s"},
		{"wss://h/s?cursor={cursor}", "a b&c", "wss://h/s?cursor=a+b%26c"},
		{"wss://h/from/{cursor}", "", "wss://h/from/"},
		{"wss://h/from/{cursor}?x", "a/b", "wss://h/from/a%2Fb?x"},
		{"wss://h/s?cursor={cursor-5000000}", "1725911162329308", "wss://h/s?cursor=1725911157329308"},
		{"wss://h/s?cursor={cursor-5}", "3", "wss://h/s?cursor=0"},
		{"wss://h/s?cursor={cursor-5}", "x3", "wss://h/s?cursor=x3"},
		{"wss://h/s?a={cursor}&b={cursor-1}", "9", "wss://h/s?a=9&b=8"},
	}
	for _, tt := range tests {
		c, err := NewCursor("seq", tt.url)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if tt.value != "" {
			c.last.Store(&tt.value)
		}
		if got := c.Fill(tt.url); got != tt.want {
			t.Errorf("%s with %q: got %s, want %s", tt.url, tt.value, got, tt.want)
		}
	}
}

func TestCursorNotesTheLast(t *testing.T) {
	c, err := NewCursor("time_us", "wss://h/?c={cursor}")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`{"time_us":1725911162329308}`, `{"time_us":7}`, `{"other":1}`, `pong`, `{"time_us":""}`, `{"time_us":"` + strings.Repeat("x", 2*hub.MaxKey) + `"}`} {
		c.note(&hub.Input{Payload: []byte(text)})
	}
	if got := *c.last.Load(); got != "7" {
		t.Errorf("got %.40s", got)
	}
	var none *Cursor
	if got := none.Fill("wss://h/?a=1"); got != "wss://h/?a=1" {
		t.Errorf("without a cursor: %s", got)
	}
}

func TestCursorProblems(t *testing.T) {
	tests := []struct{ spec, url, want string }{
		{"", "wss://h/?c={cursor}", "set Config.Messages.Cursor"},
		{"seq", "wss://h/", "?cursor={cursor}"},
		{":", "wss://h/?c={cursor}", "Config.Messages.Cursor path 1"},
	}
	for _, tt := range tests {
		if _, err := NewCursor(tt.spec, tt.url); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q, %s: got %v, want %q", tt.spec, tt.url, err, tt.want)
		}
	}
}

// FuzzCursor checks that no cursor that a source sends breaks out of its place in the URL.
func FuzzCursor(f *testing.F) {
	f.Add("1725911162329308")
	f.Add("a&b=c#?/../\r\n{cursor}")
	f.Fuzz(func(t *testing.T, value string) {
		const address = "wss://h/p?cursor={cursor-5}&z=1"
		c, err := NewCursor("seq", address)
		if err != nil {
			t.Fatal(err)
		}
		if value != "" {
			c.last.Store(&value)
		}
		got := c.Fill(address)
		if u, err := url.Parse(got); err != nil || u.Host != "h" || u.Fragment != "" || !strings.HasSuffix(got, "z=1") || strings.Count(got, "&") > 1 || strings.ContainsAny(got, "\r\n# ") {
			t.Errorf("%q made %q, %v", value, got, err)
		}
	})
}
