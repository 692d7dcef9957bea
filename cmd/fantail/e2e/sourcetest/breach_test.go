package sourcetest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// strict is a protocol with every rule.
func strict() Protocol {
	return Protocol{
		Name:     "strict",
		URL:      "wss://strict.invalid/feed",
		Query:    map[string]string{"v": "2"},
		Header:   map[string]string{"Authorization": `Bearer \S+`},
		Dials:    Rate{N: 2, Per: time.Minute},
		Greeting: []string{"welcome"},
		Talk: []Exchange{
			{Hears: `auth (\w+)`, Answers: []string{"ok $1"}, Answered: true},
			{Hears: `subscribe`, Answers: []string{"subscribed"}, Answered: true},
		},
		Within: 5 * time.Second,
		Aside:  []Exchange{{Hears: "ping", Answers: []string{"pong"}}},
		Ping:   Ping{Every: 20 * time.Second, Within: time.Minute},
		Beats:  []Beat{{Every: 30 * time.Second, Frame: "alive {n}?", Answer: "alive {n}", Within: 5 * time.Second}},
		Needs:  []Need{{Hears: "ping", Every: 25 * time.Second}},
		Idle:   40 * time.Second,
		Rate:   Rate{N: 5, Per: time.Second},
		Data:   func(n int) Data { return Data{Frame: fmt.Sprint("message ", n)} },
	}
}

var rightHeader = http.Header{"Authorization": {"Bearer x"}}

// subscribe keeps every rule.
func (c *client) subscribe() {
	for _, text := range []string{"auth me", "subscribe"} {
		c.hear()
		c.say(text)
	}
	c.hear()
}

// TestBreaches: every rule is enforced, and the breach names it.
func TestBreaches(t *testing.T) {
	tests := []struct {
		name, want string // text of the breach, empty = none
		change     func(*Protocol)
		do         func(*client)
	}{
		{"none", "", nil, func(c *client) {
			c.subscribe()
			for range 30 {
				go c.say("ping")
				time.Sleep(time.Second)
			}
		}},
		{"nothing said", "not complete within 5s", nil, func(c *client) { c.hearAll(time.Minute) }},
		{"half of it", "not complete within 5s", nil, func(c *client) { c.hear(); c.say("auth me"); c.hearAll(time.Minute) }},
		{"before the greeting", "before the answer", nil, func(c *client) { c.say("auth me"); c.hearAll(time.Minute) }},
		{"before the answer", "before the answer", nil, func(c *client) { c.hear(); c.say("auth me"); c.say("subscribe"); c.hearAll(time.Minute) }},
		{"out of order", "was due", nil, func(c *client) { c.hear(); c.say("subscribe"); c.hearAll(time.Minute) }},
		{"too often", "nobody asked", nil, func(c *client) { c.subscribe(); c.say("subscribe"); c.hearAll(time.Minute) }},
		{"too fast", "more than 5 frames in 1s", nil, func(c *client) {
			c.subscribe()
			for range 4 {
				c.say("ping")
			}
			c.hearAll(time.Minute)
		}},
		{"no ping", "was not said for 25s", nil, func(c *client) { c.subscribe(); c.hearAll(time.Minute) }},
		{"no answer to a beat", `not answered with "alive 0" within 5s`, func(p *Protocol) { p.Needs = nil }, func(c *client) { c.subscribe(); c.hearAll(time.Minute) }},
		{"wrong answer to a beat", `nobody asked for "alive 7"`, func(p *Protocol) { p.Needs = nil }, func(c *client) {
			c.subscribe()
			for c.hear() != "alive 0?" {
			}
			c.say("alive 7")
			c.hearAll(time.Minute)
		}},
		{"silence", "nothing was said for 40s", func(p *Protocol) { p.Needs, p.Beats = nil, nil }, func(c *client) { c.subscribe(); c.hearAll(time.Minute) }},
		{"no pong", "no pong came within 1m0s", func(p *Protocol) { p.Needs, p.Beats, p.Idle = nil, nil, 0 }, func(c *client) {
			c.subscribe()
			time.Sleep(2 * time.Minute) // nobody reads, so nobody answers
		}},
		{"binary", "opcode 2", nil, func(c *client) { c.Write(c.t.Context(), 1, []byte("auth me")); c.hearAll(time.Minute) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := strict()
				if tt.change != nil {
					tt.change(&p)
				}
				s, w := play(t, Config{Protocol: p, Every: time.Hour})
				c, err := join(t, w, p, "?v=2", rightHeader)
				if err != nil {
					t.Fatal(err)
				}
				tt.do(c)
				c.CloseNow()
				checkBreach(t, s, tt.want)
			})
		})
	}
}

// checkBreach closes a server and looks at the one rule that was broken.
func checkBreach(t *testing.T, s *Server, want string) {
	t.Helper()
	s.Close()
	switch got := s.Breaches(); {
	case want == "" && len(got) == 0:
	case want == "" || len(got) != 1 || !strings.Contains(got[0].Error(), want):
		t.Errorf("breaches %v, want %q", got, want)
	}
}

// TestHandshakeBreaches: a wrong request is refused, and so are too many.
func TestHandshakeBreaches(t *testing.T) {
	for _, tt := range []struct {
		name, query, want string
		header            http.Header
	}{
		{"right", "?v=2", "", rightHeader},
		{"no token", "?v=2", "the header Authorization", nil},
		{"no parameter", "", "the parameter v", rightHeader},
		{"wrong parameter", "?v=1", "the parameter v", rightHeader},
		{"one parameter more", "?v=2&w=1", `nobody knows the parameter "w"`, rightHeader},
		{"wrong path", "/x?v=2", "the path is", rightHeader},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, w := play(t, Config{Protocol: strict(), Every: time.Hour})
				c, err := join(t, w, strict(), tt.query, tt.header)
				if (err == nil) != (tt.want == "") {
					t.Errorf("the handshake: %v", err)
				}
				if c != nil {
					c.CloseNow()
				}
				checkBreach(t, s, tt.want)
			})
		})
	}
}

func TestTooManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := play(t, Config{Protocol: strict(), Every: time.Hour})
		for range 3 {
			if c, err := join(t, w, strict(), "?v=2", rightHeader); err == nil {
				c.CloseNow()
			}
		}
		time.Sleep(time.Minute)
		if c, err := join(t, w, strict(), "?v=2", rightHeader); err == nil {
			c.CloseNow()
		}
		checkBreach(t, s, "more than 2 connections in 1m0s")
	})
}
