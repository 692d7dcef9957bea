//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"fantail/cmd/fantail/e2e/sourcetest"
	"fantail/cmd/fantail/internal/config"
	"fantail/hub/skiptest"
)

// The kinds of lines of a transcript, as a relay sees them.
type lineKind int

const (
	ofFeed     lineKind = iota // for the clients
	ofProtocol                 // not for them
	ofEnd                      // the relay connects again at once
	ofAlarm                    // the subscription failed
)

// transcripts say which recorded sessions belong to which example. They tell the kind of a
// line by other means than the example's rules. Sessions of
// feeds without an example, or of another version of its protocol, are left out.
var transcripts = []struct {
	example string
	files   []string
	kind    func(line string) lineKind
}{
	{"binance", []string{"doc-binance"}, func(l string) lineKind {
		switch {
		case gjson.Get(l, "code").Exists():
			return ofAlarm
		case gjson.Get(l, "data.e").String() == "serverShutdown":
			return ofEnd
		}
		return feedIf(gjson.Get(l, "stream").Exists())
	}},
	{"bitstamp", []string{"doc-bitstamp", "rec-bitstamp"}, func(l string) lineKind {
		switch event := gjson.Get(l, "event").String(); event {
		case "bts:error":
			return ofAlarm
		case "bts:request_reconnect":
			return ofEnd
		default:
			return feedIf(!strings.HasPrefix(event, "bts:"))
		}
	}},
	{"bluesky", []string{"doc-jetstream-v1"}, func(l string) lineKind { return ofFeed }},
	{"bybit", []string{"doc-bybit-v5", "rec-bybit"}, func(l string) lineKind {
		if s := gjson.Get(l, "success"); s.Exists() && !s.Bool() {
			return ofAlarm
		}
		return feedIf(gjson.Get(l, "topic").Exists())
	}},
	{"coinbase", []string{"doc-coinbase-exchange", "rec-coinbase-exchange"}, func(l string) lineKind {
		switch gjson.Get(l, "type").String() {
		case "error":
			return ofAlarm
		case "subscriptions", "heartbeat":
			return ofProtocol
		}
		return ofFeed
	}},
	{"deribit", []string{"doc-deribit"}, func(l string) lineKind {
		if gjson.Get(l, "error").Exists() {
			return ofAlarm
		}
		return feedIf(gjson.Get(l, "method").String() == "subscription")
	}},
	{"kraken", []string{"doc-kraken-v2"}, func(l string) lineKind {
		if gjson.Get(l, "error").Exists() {
			return ofAlarm
		}
		channel := gjson.Get(l, "channel").String()
		return feedIf(channel != "" && channel != "status" && channel != "heartbeat")
	}},
	{"mastodon", []string{"doc-mastodon"}, func(l string) lineKind {
		if gjson.Get(l, "error").Exists() {
			return ofAlarm
		}
		return ofFeed
	}},
	{"okx", []string{"doc-okx-v5", "rec-okx-v5"}, func(l string) lineKind {
		switch gjson.Get(l, "event").String() {
		case "error":
			return ofAlarm
		case "notice":
			return ofEnd
		}
		return feedIf(gjson.Get(l, "data").Exists())
	}},
	{"pusher", []string{"doc-pusher"}, func(l string) lineKind {
		event := gjson.Get(l, "event").String()
		if event == "pusher:error" {
			return ofEnd
		}
		return feedIf(!strings.HasPrefix(event, "pusher"))
	}},
	{"twitch", []string{"doc-twitch-irc"}, func(l string) lineKind {
		switch {
		case strings.HasSuffix(l, " RECONNECT"):
			return ofEnd
		case strings.Contains(l, "authentication failed"):
			return ofAlarm
		}
		return feedIf(strings.Contains(l, " PRIVMSG "))
	}},
}

func feedIf(ok bool) lineKind {
	if ok {
		return ofFeed
	}
	return ofProtocol
}

// TestTranscripts plays the messages of servers in recorded and documented sessions to
// the examples, if TEST_FEEDS names a folder that has them in protocol/. The relay
// relays the messages of the feed and no others, and a message that ends a session ends
// it.
func TestTranscripts(t *testing.T) {
	parallel(t)
	dir := os.Getenv("TEST_FEEDS")
	if dir == "" {
		skiptest.Skip(t, "", "recorded feeds (TEST_FEEDS names their folder)", "what real servers have sent")
	}
	for _, tt := range transcripts {
		for _, file := range tt.files {
			t.Run(file, func(t *testing.T) {
				lines := transcript(t, filepath.Join(dir, "protocol", file+".tsv"))
				c := exampleConfig(t, tt.example)
				var normal []sourcetest.Data
				for _, line := range lines {
					switch kind := tt.kind(line); kind {
					case ofEnd, ofAlarm:
						synctest.Test(t, func(t *testing.T) { playLastLine(t, c, protocolOf(tt.example), line, kind) })
					case ofProtocol:
						normal = append(normal, sourcetest.Data{Frame: line, Messages: []string{}})
					default:
						normal = append(normal, sourcetest.Data{Frame: line})
					}
				}
				synctest.Test(t, func(t *testing.T) { playLines(t, c, protocolOf(tt.example), normal) })
			})
		}
	}
}

// protocolOf returns an example's protocol. Every example has one.
func protocolOf(example string) sourcetest.Protocol {
	all := sourcetest.Protocols()
	return all[slices.IndexFunc(all, func(p sourcetest.Protocol) bool { return p.Name == example })]
}

// transcript returns the server's messages of a session.
func transcript(t *testing.T, file string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if message, fromServer := strings.CutPrefix(rest, "<\t"); fromServer {
			lines = append(lines, strings.ReplaceAll(message, `\r\n`, "\r\n"))
		}
	}
	if len(lines) == 0 {
		t.Fatalf("%s has no line of the server's", file)
	}
	return lines
}

// playLines has a server send lines that end nothing.
func playLines(t *testing.T, c config.Config, p sourcetest.Protocol, lines []sourcetest.Data) {
	server, b := playTranscript(t, c, p, lines)
	_, got := b.state()
	if want := server.Sent(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if sessions := server.Sessions(); len(sessions) != 1 {
		t.Errorf("%d connections, want 1: %+v", len(sessions), sessions)
	}
	t.Logf("%d lines, %d of them for the clients", len(lines), len(got))
}

// playLastLine has a server send a line that ends the session.
func playLastLine(t *testing.T, c config.Config, p sourcetest.Protocol, line string, kind lineKind) {
	server, b := playTranscript(t, c, p, []sourcetest.Data{{Frame: line, Messages: []string{}}})
	log, got := b.state()
	if len(got) > 0 {
		t.Errorf("relayed %q", got)
	}
	connections, reason := 2, `"reason":"rule"`
	if kind == ofAlarm {
		connections, reason = 1, `"reason":"fatal"`
	}
	if sessions := server.Sessions(); len(sessions) != connections || !strings.Contains(log, reason) {
		t.Errorf("after %q %d connections, want %d, and %s in\n%s", line, len(sessions), connections, reason, log)
	}
}

// playTranscript has a server send lines once it was subscribed to, and ends a
// moment later. All lines are data to it: it expects no answer to them, and takes any
// answer that the protocol knows.
func playTranscript(t *testing.T, c config.Config, p sourcetest.Protocol, lines []sourcetest.Data) (*sourcetest.Server, *bubbleRelay) {
	const pause = 10 * time.Millisecond
	p.Data, p.Cursor = func(n int) sourcetest.Data { return lines[n] }, nil
	p.Aside = append(slices.Clip(p.Aside), sourcetest.Exchange{Hears: `.*(?i:pong|JOIN|public/test|pusher:subscribe).*`})
	server := sourcetest.New(sourcetest.Config{Protocol: p, Every: pause, Count: len(lines)})
	b := playOn(t, c, server)
	time.Sleep(time.Duration(len(lines))*pause + 2*time.Second)
	b.stop()
	server.Close()
	return server, b
}
