//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/feed/brokertest"
	"fantail/hub/peertest"
)

// privateChannels is a Redis with relays that read each user's channel while the user is
// there.
type privateChannels struct {
	t      testing.TB
	client *redis.Client
	relays []*servetest.Relay
}

func startPrivateChannels(t testing.TB, relays int, env ...string) *privateChannels {
	server := brokertest.Redis(t)
	p := &privateChannels{t: t, client: redis.NewClient(&redis.Options{Addr: server.Addr, DialerRetries: 1, ReadTimeout: peertest.Patience})}
	t.Cleanup(func() { p.client.Close() })
	for range relays {
		r := servetest.Start(t, append(env, "FANTAIL_SOURCE_URL=redis://"+server.Addr+"?subscribe=user:{key}", "FANTAIL_KEY_REQUIRED=true")...)
		r.Find(`(source is connected)`)
		p.relays = append(p.relays, r)
	}
	return p
}

// present returns how many relays listen for a user, as a back end would ask.
func (p *privateChannels) present(user string) int64 {
	p.t.Helper()
	n, err := p.client.PubSubNumSub(p.t.Context(), "user:"+user).Result()
	if err != nil {
		p.t.Fatal(err)
	}
	return n["user:"+user]
}

// listened returns how many channels have a listener.
func (p *privateChannels) listened() int {
	p.t.Helper()
	all, err := p.client.PubSubChannels(p.t.Context(), "user:*").Result()
	if err != nil {
		p.t.Fatal(err)
	}
	return len(all)
}

func (p *privateChannels) publish(user, text string) {
	p.t.Helper()
	if err := p.client.Publish(p.t.Context(), "user:"+user, text).Err(); err != nil {
		p.t.Fatal(err)
	}
}

func joinAs(t testing.TB, r *servetest.Relay, user string) *subscriber {
	t.Helper()
	return subscribeAll(t, 1, r.Addr, "/ws?key="+user)[0]
}

// TestPrivateChannels: a user's messages reach all clients of the user and no others, and
// the broker sees which users are present.
func TestPrivateChannels(t *testing.T) {
	parallel(t)
	p := startPrivateChannels(t, 2)
	alice := []*subscriber{joinAs(t, p.relays[0], "alice"), joinAs(t, p.relays[0], "alice"), joinAs(t, p.relays[1], "alice")}
	bob := joinAs(t, p.relays[1], "bob")
	peertest.Eventually(t, "both relays listen for alice", func() bool { return p.present("alice") == 2 && p.present("bob") == 1 })
	p.publish("alice", "for alice")
	p.publish("bob", "for bob")
	for _, s := range alice {
		s.mustGet(t, "for alice")
	}
	bob.mustGet(t, "for bob")
	alice[0].conn.Close()
	alice[2].conn.Close()
	peertest.Eventually(t, "only one relay listens", func() bool { return p.present("alice") == 1 })
	p.publish("alice", "still there")
	alice[1].mustGet(t, "still there")
	alice[1].conn.Close()
	peertest.Eventually(t, "nobody listens for alice", func() bool { return p.present("alice") == 0 })
	p.publish("bob", "last")
	bob.mustGet(t, "last")
	for _, r := range p.relays {
		if n := r.Metric("fantail_feed_messages_total"); n > 4 {
			t.Errorf("a relay got %v messages", n)
		}
	}
}

// mustGet expects a message next.
func (s *subscriber) mustGet(t testing.TB, want string) {
	t.Helper()
	s.conn.SetReadDeadline(time.Now().Add(peertest.Patience))
	for {
		op, payload, err := s.frame()
		if err == nil && op == 9 {
			s.answer(10, payload)
			continue
		}
		if err != nil || string(payload) != want {
			t.Fatalf("got %d %q, %v; want %q", op, payload, err, want)
		}
		return
	}
}

// TestPrivateChannelsChurn: users who come and go leave no channel behind.
func TestPrivateChannelsChurn(t *testing.T) {
	parallel(t)
	users, lasting := scale(500, 5000), scale(3*time.Second, time.Minute)
	p := startPrivateChannels(t, 1)
	var wg sync.WaitGroup
	began := time.Now()
	for g := range 8 {
		random := rand.New(rand.NewPCG(uint64(g), 9))
		wg.Go(func() {
			var here []*subscriber
			for time.Since(began) < lasting {
				s, err := openSubscriber(p.relays[0].Addr, fmt.Sprintf("/ws?key=%d", random.IntN(users)), 1<<10)
				if err != nil {
					t.Error(err)
					return
				}
				if here = append(here, s); len(here) > users/16 {
					n := random.IntN(len(here))
					here[n].conn.Close()
					here[n] = here[len(here)-1]
					here = here[:len(here)-1]
				}
			}
			for _, s := range here {
				s.conn.Close()
			}
		})
	}
	wg.Wait()
	t.Logf("%v joins of %d users; %d channels at the end", p.relays[0].Metric("fantail_client_joins_total"), users, p.listened())
	peertest.Eventually(t, "no channel is left", func() bool { return p.listened() == 0 })
	s := joinAs(t, p.relays[0], "late")
	peertest.Eventually(t, "somebody who comes now is heard of", func() bool { return p.present("late") == 1 })
	p.publish("late", "hello")
	s.mustGet(t, "hello")
}

// TestPushedMessages drives the source push: as a back end would.
func TestPushedMessages(t *testing.T) {
	parallel(t)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=push:", "FANTAIL_PUSH_TOKEN=a token of sixteen")
	all, one := subscribeAll(t, 1, r.Addr, "/ws")[0], joinAs(t, r, "a")
	post := func(query, token, contentType, body string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+r.Addr+"/push"+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", contentType)
		req.Close = true
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, c := range []struct {
		query, token, contentType, body string
		status                          int
	}{
		{"", "a token of sixteen", "application/json", "{\n}", 202},
		{"?key=a", "a token of sixteen", "application/x-ndjson", "1\n2\n", 202},
		{"", "another token of sixteen", "text/plain", "no", 401},
		{"", "a token of sixteen", "text/plain", strings.Repeat("x", 16<<20+1), 413},
	} {
		if status := post(c.query, c.token, c.contentType, c.body); status != c.status {
			t.Errorf("%q was answered with %d, want %d", c.body[:2], status, c.status)
		}
	}
	for _, want := range []string{"{\n}", "1", "2"} {
		all.mustGet(t, want)
	}
	one.mustGet(t, "1")
	one.mustGet(t, "2")
}
