package feed

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"fantail/feed/internal/feedtest"
)

// TestBrokerURLProblems: each names what to change and shows no password.
func TestBrokerURLProblems(t *testing.T) {
	for url, want := range map[string]string{
		"redis://":                               "names no host",
		"redis://u:secret/x@h?subscribe=a":       "special characters",
		"redis://u:12/secret@h?subscribe=a":      "@ behind its host",
		"nats://12/secret@h?subject=a":           "@ behind its host",
		"nats://12?secret@h&subject=a":           "@ behind its host",
		"amqp://u:12?secret@h&exchange=x":        "@ behind its host",
		"redis://h?psubscribe=#":                 "%23",
		"redis://h":                              "?subscribe=",
		"redis://h?subscribe=":                   "subscribe is empty",
		"redis://h/x?subscribe=a":                "not the number",
		"redis://h?subscribe=a&channel=b":        "unknown parameter",
		"redis://h?subscribe=a&stream=b":         "unknown parameter",
		"redis://h?stream=a&stream=b":            "given 2 times",
		"redis://h?stream=a&from=now":            "from=",
		"redis://h?subscribe={key}.{key}":        "twice",
		"redis://h?psubscribe={key}":             "only subscribe= may have it",
		"redis://h?subscribe=a&publish={key}":    "only subscribe= may have it",
		"redis://h?stream={key}":                 "no keys on demand",
		"nats://h?stream=S&subject={key}":        "no keys on demand",
		"amqp://h?exchange={key}&bind=a":         "only bind= may have it",
		"redis://u:secret@h?subscribe=a%zz":      "query",
		"rediss://u:secret@h?subscribe=a&from=0": "unknown parameter",
	} {
		_, err := New(Config{Sources: Sources{URL: url}}, feedtest.NewSink(), zerolog.Nop())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}
