package sourcetest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// friendly is a protocol without demands.
func friendly() Protocol {
	p := strict()
	return Protocol{Name: "friendly", URL: "ws://friendly.invalid", Data: p.Data, Bye: []string{"bye"}, Grace: time.Second}
}

// TestSentIsWhatWasSent: each message counts once, however many get it, and a feed waits
// for a subscriber.
func TestSentIsWhatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := play(t, Config{Protocol: friendly(), Every: time.Second,
			Quiet: func(d time.Duration) bool { return d >= 10*time.Second && d < 15*time.Second }})
		time.Sleep(3500 * time.Millisecond) // nobody is there
		a, _ := join(t, w, friendly(), "", nil)
		got := make(chan []string)
		go func() { b, _ := join(t, w, friendly(), "", nil); got <- b.hearAll(16 * time.Second) }()
		first := a.hearAll(16 * time.Second)
		second := <-got
		want := s.Sent()
		if !slices.Equal(first, want) || !slices.Equal(second, want) || len(want) != 11 || want[0] != "message 0" {
			t.Errorf("sent %q, got %q and %q", want, first, second)
		}
	})
}

// TestEnds: a planned end announces itself and a cut does not. Messages that were sent
// before either arrive.
func TestEnds(t *testing.T) {
	for _, planned := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s, w := play(t, Config{Protocol: friendly(), Every: time.Second, Ends: []End{{After: 3500 * time.Millisecond, Planned: planned}}})
			c, _ := join(t, w, friendly(), "", nil)
			got := c.hearAll(time.Minute)
			want, why := s.Sent(), ErrCut
			if planned {
				want, why = append(want, "bye"), ErrPlanned
			}
			s.Close()
			if !slices.Equal(got, want) || s.Sessions()[0].Why != why {
				t.Errorf("planned %v: got %q, want %q; ended because %v", planned, got, want, s.Sessions()[0].Why)
			}
		})
	}
}

func TestLifeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := friendly()
		p.Life = 24 * time.Hour
		s, w := play(t, Config{Protocol: p, Every: time.Hour})
		c, _ := join(t, w, p, "", nil)
		c.hearAll(48 * time.Hour)
		s.Close()
		if got := s.Sessions()[0]; got.Why != ErrPlanned || got.Ended.Sub(got.Opened).Round(time.Minute) != 24*time.Hour {
			t.Errorf("%+v", got)
		}
	})
}

// TestRefusal: no subscription is granted, and the connection ends.
func TestRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := strict()
		p.Refusal = "no"
		s, w := play(t, Config{Protocol: p, Every: time.Second, Refuse: true})
		c, err := join(t, w, p, "?v=2", rightHeader)
		if err != nil {
			t.Fatal(err)
		}
		c.hear()
		c.say("auth me")
		c.hear()
		c.say("subscribe")
		if got := c.hearAll(time.Minute); !slices.Equal(got, []string{"no"}) {
			t.Errorf("got %q", got)
		}
		s.Close()
		if r := s.Sessions()[0]; r.Why != ErrRefused || !r.Subscribed.IsZero() || len(s.Sent()) != 0 || len(s.Breaches()) != 0 {
			t.Errorf("%+v, sent %q, breaches %v", r, s.Sent(), s.Breaches())
		}
	})
}

// TestCursor: a subscriber that asks for the past gets it from that event on, and then
// the rest without a gap.
func TestCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bluesky()
		s, w := play(t, Config{Protocol: p, Every: time.Second})
		const query = "?wantedCollections=app.bsky.feed.post&cursor="
		a, _ := join(t, w, p, query, nil)
		first := a.hearAll(5500 * time.Millisecond)
		time.Sleep(5 * time.Second) // away
		b, _ := join(t, w, p, query+"1770000000040000", nil)
		second := b.hearAll(5 * time.Second)
		if len(first) == 0 || len(second) == 0 || first[len(first)-1] != second[0] || !slices.Equal(append(first, second[1:]...), s.Sent()) {
			t.Errorf("first %d, then %d; sent %d", len(first), len(second), len(s.Sent()))
		}
	})
}

// TestProtocolsAreWhole: every table has the entries that its tests rely on.
func TestProtocolsAreWhole(t *testing.T) {
	for _, p := range Protocols() {
		for n := range 20 {
			if d := p.Data(n); d.Frame == "" || strings.Contains(d.Frame, "%!") || d.Frame == p.Data(n+1).Frame {
				t.Errorf("%s: message %d is %q", p.Name, n, d.Frame)
			}
		}
		if len(p.Talk) > 0 && p.Refusal == "" {
			t.Errorf("%s: has no refusal", p.Name)
		}
	}
}
