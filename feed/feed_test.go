package feed

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/internal/redact"
	"fantail/hub"
)

var _ Publisher = (*hub.Hub)(nil)

func TestNewSaysWhatToChange(t *testing.T) {
	tests := []struct{ url, want string }{
		{"", "is empty; set Config.Sources.URL"},
		{"stream.example.com/ws", "has no scheme; start it with one of ws: wss: http: https: replay: stdin: demo:"},
		{"user:pass@example.com", `unknown scheme "user"`},
		{"example.com:8080/ws", "has no scheme"},
		{"localhost:8080", `unknown scheme "localhost"; start it with one of ws:`},
		{"gopher://example.com", `unknown scheme "gopher"; start it with one of ws: wss: http: https: replay: stdin: demo:`},
		{"wss://", "names no host"},
	}
	for _, tt := range tests {
		_, err := New(Config{Sources: Sources{URL: tt.url}}, feedtest.NewSink(), zerolog.Nop())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.url, err, tt.want)
		}
	}
}

func TestNewGathersEveryProblem(t *testing.T) {
	_, err := New(Config{Sources: Sources{URL: "wss://h/#x"}, Dialling: Dialling{Ping: -2, IdleTimeout: -1}, Messages: Messages{MaxMessage: -1}}, feedtest.NewSink(), zerolog.Nop())
	words := []string{"fragment", "Config.Messages.MaxMessage", "Config.Dialling.Ping", "Config.Dialling.IdleTimeout"}
	if err == nil || !feedtest.Holds(err.Error(), words) {
		t.Errorf("got %v, want %q", err, words)
	}
}

func TestSchemesAreCaseInsensitive(t *testing.T) {
	f, err := New(Config{Sources: Sources{URL: "WSS://user:pass@h/x"}, Dialling: Dialling{IdleTimeout: time.Second}}, feedtest.NewSink(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Stats().Source; got != "wss://***@h/x" || f.sources[0].idle != time.Second {
		t.Errorf("got %q, idle %v", got, f.sources[0].idle)
	}
}

func TestStatsHaveEveryLabel(t *testing.T) {
	f := scriptFeed(nil, feedtest.NewSink(), zerolog.Nop())
	s := f.Stats()
	if len(s.Reconnects) != int(driver.ReasonCount) || len(s.Dropped) != int(driver.DropReasonCount) || !s.LastMessage.IsZero() {
		t.Errorf("got %+v", s)
	}
}

// FuzzURL checks that no URL panics, that errors say whose they are, and
// that the form for logs shows no password.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{"", "ws://h", "wss://u:p@h:1/p?q=1#f", "replay:f?speed=1&loop=1", "stdin:", "demo:?seed=1&rate=2", "x:y", "demo:?a=%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		s, err := findScheme(address)
		if err != nil {
			return
		}
		if s.name == "replay" {
			driver.SplitLocal(address) // without opening files of the machine
		} else if _, err := s.open(driver.Options{URL: address, Stdin: strings.NewReader("")}.WithDefaults()); err != nil && !strings.HasPrefix(err.Error(), "feed: ") {
			t.Errorf("%q: %v", address, err)
		}
		u, err := url.Parse(address)
		if err != nil || u.User == nil {
			return
		}
		if password, _ := u.User.Password(); len(password) > 8 && strings.Count(address, password) == 1 && strings.Contains(redact.URL(address), password) {
			t.Errorf("%q: the password shows in %q", address, redact.URL(address))
		}
	})
}
