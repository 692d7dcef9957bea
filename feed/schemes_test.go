package feed

import (
	"strings"
	"testing"

	"fantail/hub/setting"
)

// TestSourcesAreDescribed asks what the table says beside how a source is opened.
func TestSourcesAreDescribed(t *testing.T) {
	names := setting.Namer(func(setting.Name) string { return "THE_URL" })
	for url, want := range map[string]string{
		"wss://h/":                    "",
		"https://h/?demo:":            "",
		"redis://h?subscribe=a":       "broker",
		"TLS+NATS://h?subject=a":      "broker",
		"amqps://h?exchange=x":        "broker",
		"push:":                       "pushed: messages that are pushed",
		"wss://h/ Push:":              "pushed",
		"replay:a b.txt?speed=2":      `: the recording "a b.txt"`,
		"stdin:":                      ": standard input, one message from each line; what is read now is not read again",
		"demo:?rate=1":                ": demo data, made up; set THE_URL for a feed of your own",
		"demo":                        "",
		"unknown:":                    "",
		"wss://push:":                 "",
		"wss://h/?a=redis://h?x push": "",
	} {
		got := ""
		if IsBroker(url) {
			got = "broker"
		}
		if IsPushed(url) {
			got = "pushed"
		}
		if about := About(url, names); about != "" {
			got += ": " + about
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}

func TestIsPushed(t *testing.T) {
	for urls, want := range map[string]bool{
		"push:": true, "Push:": true, "demo: push:": true, "push: wss://h": true, "demo:": false, "wss://h/push:": false,
	} {
		if IsPushed(urls) != want {
			t.Errorf("%s: %v", urls, !want)
		}
	}
}

// TestSchemesStandInTheTableAlone: each name belongs to one row, and each row can be
// opened.
func TestSchemesStandInTheTableAlone(t *testing.T) {
	known := map[string]bool{}
	for _, s := range schemes() {
		for _, name := range s.names {
			if known[name] || name != strings.ToLower(name) {
				t.Errorf("%s stands twice, or in upper case", name)
			}
			known[name] = true
		}
		if s.open == nil || len(s.names) == 0 {
			t.Errorf("%v cannot be opened", s.names)
		}
	}
}

func TestOnDemand(t *testing.T) {
	for url, want := range map[string]bool{
		"redis://h?subscribe=a": false, "redis://h?subscribe=u:{key}": true, "nats://h?subject=u.%7Bkey%7d": true,
		"AMQPS://h?exchange=x&bind=u.{key}": true, "amqp://h?exchange={key}&bind=u": false, "redis://h?psubscribe={key}": false,
		"nats://h?stream=S&subject={key}": false, "nats://h?subject=a&publish={key}": false, "wss://h?subscribe={key}": false,
	} {
		if OnDemand(url) != want {
			t.Errorf("%s: want %v", url, want)
		}
	}
}
