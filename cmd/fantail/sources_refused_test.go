//go:build unix

package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fantail/cmd/fantail/sourcetest"
)

// TestSourcesRefused: a subscription that is not granted is an alarm that shows
// the answer, and no hot loop; nothing is relayed.
func TestSourcesRefused(t *testing.T) {
	for _, p := range sourcetest.Protocols() {
		if p.Refusal == "" {
			continue // it is asked by its URL alone, so the handshake is the refusal
		}
		t.Run(p.Name, func(t *testing.T) {
			c := exampleConfig(t, p.Name)
			synctest.Test(t, func(t *testing.T) {
				server := sourcetest.New(sourcetest.Config{Protocol: p, Every: time.Second, Refuse: true})
				b := playOn(t, c, server)
				time.Sleep(10 * time.Minute)
				b.stop()
				server.Close()
				log, got := b.state()
				if n := len(server.Sessions()); n < 2 || n > 3 {
					t.Errorf("%d connections in ten minutes", n)
				}
				if len(got) > 0 {
					t.Errorf("relayed %q", got)
				}
				for _, err := range server.Breaches() {
					t.Errorf("the relay broke a rule: %v", err)
				}
				if !strings.Contains(log, `"level":"error"`) || !strings.Contains(log, `"reason":"fatal"`) {
					t.Errorf("no alarm in\n%s", tail(log, 2000))
				}
			})
		})
	}
}

// TestBinanceOverADay: the connection is replaced before the server ends it, the
// next one opened first, and nothing is lost or repeated. Pongs go on all day.
func TestBinanceOverADay(t *testing.T) {
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
