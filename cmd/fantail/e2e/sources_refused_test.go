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
	"fantail/feed/stage"
)

// TestSourcesRefused: a subscription that is not granted is an alarm that shows
// the answer, and no hot loop; nothing is relayed.
func TestSourcesRefused(t *testing.T) {
	parallel(t)
	for _, p := range sourcetest.Protocols() {
		if p.Refusal == "" {
			continue // it is asked by its URL alone, so the handshake is the refusal
		}
		t.Run(p.Name, func(t *testing.T) {
			c := exampleConfig(t, p.Name)
			synctest.Test(t, func(t *testing.T) {
				for _, bad := range playRefusal(t, c, p) {
					t.Error(bad)
				}
			})
		})
	}
}

// playRefusal has a server grant no subscription for ten minutes, and returns
// the faults that it found.
func playRefusal(t *testing.T, c config.Config, p sourcetest.Protocol) (bad []string) {
	server := sourcetest.New(sourcetest.Config{Protocol: p, Every: time.Second, Refuse: true})
	b := playOn(t, c, server)
	time.Sleep(10 * time.Minute)
	b.stop()
	server.Close()
	log, got := b.state()
	if n := len(server.Sessions()); n < 2 || n > 3 {
		bad = append(bad, fmt.Sprintf("%d connections in ten minutes", n))
	}
	if len(got) > 0 {
		bad = append(bad, fmt.Sprintf("relayed %q", got))
	}
	for _, err := range server.Breaches() {
		bad = append(bad, fmt.Sprintf("the relay broke a rule: %v", err))
	}
	if !strings.Contains(log, `"level":"error"`) || !strings.Contains(log, `"reason":"fatal"`) {
		bad = append(bad, "no alarm in\n"+tail(log, 2000))
	}
	return bad
}

// TestSourceRulesAreNeeded: without any one of its rules an example fails
// TestSources or TestSourcesRefused.
func TestSourceRulesAreNeeded(t *testing.T) {
	parallel(t)
	for _, p := range sourcetest.Protocols() {
		if p.Refusal == "" {
			continue
		}
		c := exampleConfig(t, p.Name)
		rules, err := c.Feed.Messages.Rules()
		if err != nil {
			t.Fatal(err)
		}
		for i, rule := range rules {
			t.Run(fmt.Sprintf("%s without rule %d", p.Name, i+1), func(t *testing.T) {
				c := c
				c.Feed.Messages.Rules = func() ([]stage.Rule, error) { return slices.Delete(slices.Clone(rules), i, i+1), nil }
				var bad []string
				synctest.Test(t, func(t *testing.T) { bad = playTenMinutes(t, c, p) })
				synctest.Test(t, func(t *testing.T) { bad = append(bad, playRefusal(t, c, p)...) })
				if len(bad) == 0 {
					t.Errorf("all was well without %q", rule.Match)
				}
			})
		}
	}
}

// TestBinanceOverADay: the connection is replaced before the server ends it, the
// next one opened first, and nothing is lost or repeated. Pongs go on all day.
func TestBinanceOverADay(t *testing.T) {
	parallel(t)
	for _, p := range sourcetest.Protocols() {
		if p.Name != "binance" {
			continue
		}
		c := exampleConfig(t, p.Name)
		synctest.Test(t, func(t *testing.T) {
			server := sourcetest.New(sourcetest.Config{Protocol: p, Every: 4370 * time.Millisecond})
			b := playOn(t, c, server)
			time.Sleep(26 * time.Hour)
			b.stop()
			server.Close()
			sessions := server.Sessions()
			if len(sessions) != 2 || !sessions[1].Subscribed.Before(sessions[0].Ended) || sessions[0].Why != sourcetest.ErrLeft {
				t.Errorf("%+v", sessions)
			}
			for _, bad := range b.check(server) {
				t.Error(bad)
			}
		})
	}
}
