//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fantail/cmd/fantail/e2e/sourcetest"
	"fantail/cmd/fantail/internal/config"
)

// TestSources relays each real feed's example, as it is written, from a server
// that plays that feed for ten minutes: through a quiet time, a planned end and a
// cut. The clock is synctest's, so every interval of the feed and of ours is that
// of production; only the waiting is left out.
func TestSources(t *testing.T) {
	parallel(t)
	for _, p := range sourcetest.Protocols() {
		t.Run(p.Name, func(t *testing.T) {
			c := exampleConfig(t, p.Name)
			synctest.Test(t, func(t *testing.T) {
				for _, bad := range playTenMinutes(t, c, p) {
					t.Error(bad)
				}
			})
		})
	}
}

// exampleConfig is an example's configuration, as docker run --env-file reads it.
func exampleConfig(t *testing.T, name string, more ...string) config.Config {
	t.Helper()
	c, err := config.Parse(append(envFile(t, name), more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// playTenMinutes returns the faults that it found.
func playTenMinutes(t *testing.T, c config.Config, p sourcetest.Protocol) []string {
	server := sourcetest.New(sourcetest.Config{
		Protocol: p,
		Every:    237 * time.Millisecond, // never at the time of anything else
		Quiet:    func(d time.Duration) bool { return d > 5*time.Minute && d < 8*time.Minute },
		Ends:     []sourcetest.End{{After: 2 * time.Minute, Planned: true}, {After: time.Minute}},
	})
	b := playOn(t, c, server)
	time.Sleep(10 * time.Minute)
	b.stop()
	server.Close()

	sessions := server.Sessions()
	bad := append(checkSessions(sessions, 3), checkAnswers(sessions, p)...)
	if len(sessions) == 3 && len(p.Bye) > 0 && sessions[0].Why != sourcetest.ErrLeft {
		bad = append(bad, fmt.Sprintf("after the goodbye %v; the relay should have gone first", sessions[0].Why))
	}
	for key, n := range b.keys {
		if !slices.Contains(sourceKeys[p.Name], key) {
			bad = append(bad, fmt.Sprintf("%d messages have the key %q", n, key))
		}
	}
	return append(bad, b.check(server)...)
}

// sourceKeys are the keys that the messages of each feed must have.
var sourceKeys = map[string][]string{
	"binance":  {"btcusdt@trade", "ethusdt@trade"},
	"bitstamp": {"live_trades_btcusd", "live_trades_ethusd"},
	"bluesky":  {"app.bsky.feed.post"},
	"bybit":    {"publicTrade.BTCUSDT", "publicTrade.ETHUSDT"},
	"coinbase": {"BTC-USD", "ETH-USD"},
	"deribit":  {"book.BTC-PERPETUAL.100ms", "book.ETH-PERPETUAL.100ms"},
	"kraken":   {"trade:BTC/USD", "trade:ETH/USD"},
	"mastodon": {"public"},
	"okx":      {"trades:BTC-USDT", "trades:ETH-USDT"},
	"pusher":   {"trades"},
	"twitch":   {"#somechannel"},
}

// playOn starts a relay whose network has this server.
func playOn(t *testing.T, c config.Config, server *sourcetest.Server) *bubbleRelay {
	t.Helper()
	t.Cleanup(server.Close)
	network, err := sourcetest.NewNetwork(server)
	if err != nil {
		t.Fatal(err)
	}
	return startBubbleRelay(t, c, network)
}

// checkSessions expects a number of connections. Each subscribes soon, and the next follows
// soon.
func checkSessions(sessions []sourcetest.Session, want int) (bad []string) {
	if len(sessions) != want {
		bad = append(bad, fmt.Sprintf("%d connections, want %d", len(sessions), want))
	}
	const soon = 5 * time.Second
	for i, s := range sessions {
		if s.Subscribed.IsZero() || s.Subscribed.Sub(s.Opened) > soon {
			bad = append(bad, fmt.Sprintf("connection %d: opened at %v, subscribed at %v", i, s.Opened, s.Subscribed))
		}
		if i > 0 && s.Opened.Sub(sessions[i-1].Ended) > soon {
			bad = append(bad, fmt.Sprintf("connection %d: %v after the end of the last", i, s.Opened.Sub(sessions[i-1].Ended)))
		}
	}
	return bad
}

// checkAnswers expects that the feeds that ask for signs of life did so, and got them.
func checkAnswers(sessions []sourcetest.Session, p sourcetest.Protocol) []string {
	asks := p.Ping.Every > 0 || slices.ContainsFunc(p.Beats, func(b sourcetest.Beat) bool { return b.Answer != "" })
	answers := 0
	for _, s := range sessions {
		answers += s.Answers
	}
	if asks && answers == 0 {
		return []string{"the server never asked for a sign of life"}
	}
	return nil
}

// check compares the client's messages with the expected ones, and checks that no rule was
// broken. The relay and the server have ended.
func (b *bubbleRelay) check(server *sourcetest.Server) (bad []string) {
	for _, err := range server.Breaches() {
		bad = append(bad, fmt.Sprintf("the relay broke a rule: %v", err))
	}
	_, got := b.state()
	want := server.Sent()
	if i := firstDifference(got, want); i < len(got) || i < len(want) {
		bad = append(bad, fmt.Sprintf("%d messages of %d; from message %d on got %.300q, want %.300q",
			len(got), len(want), i, got[i:min(i+1, len(got))], want[i:min(i+1, len(want))]))
	}
	if len(want) < 100 {
		bad = append(bad, fmt.Sprintf("only %d messages were sent", len(want)))
	}
	return bad
}

// firstDifference returns how many elements two lists begin with alike.
func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestSourceSettingsAreNeeded: without any one of its settings an example does
// not get through TestSources, so the servers bite and no setting is there for
// show. The settings that only save work or bound something have other tests.
func TestSourceSettingsAreNeeded(t *testing.T) {
	parallel(t)
	spared := []string{"SOURCE_URL", "SOURCE_IDLE_TIMEOUT", "SOURCE_PING_EVERY",
		"binance SOURCE_ID", "binance SOURCE_MAX_AGE", "binance SOURCE_OVERLAP", "binance SOURCE_SEND_RATE",
		"bitstamp SOURCE_PING", "kraken SOURCE_PING", "pusher SOURCE_PING", "mastodon SOURCE_RULES"}
	for _, p := range sourcetest.Protocols() {
		entries := envFile(t, p.Name)
		for i, entry := range entries {
			variable, _, _ := strings.Cut(strings.TrimPrefix(entry, config.Prefix), "=")
			if slices.Contains(spared, variable) || slices.Contains(spared, p.Name+" "+variable) {
				continue
			}
			t.Run(p.Name+" without "+variable, func(t *testing.T) {
				c, err := config.Parse(slices.Delete(slices.Clone(entries), i, i+1)...)
				if err != nil {
					return // so it is needed
				}
				var bad []string
				synctest.Test(t, func(t *testing.T) { bad = playTenMinutes(t, c, p) })
				if len(bad) == 0 {
					t.Error("all was well without it")
				}
			})
		}
	}
}
