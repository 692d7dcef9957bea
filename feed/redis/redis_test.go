//go:build unix

package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"fantail/feed"
	"fantail/feed/brokertest"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	source "fantail/feed/redis"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// redisClient returns a client that publishes. It is not under test.
func redisClient(t testing.TB, s *brokertest.Server) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, PoolSize: 2, MaxRetries: -1, DialerRetries: 1,
		DialTimeout: peertest.Patience, ReadTimeout: peertest.Patience, WriteTimeout: peertest.Patience, PoolTimeout: peertest.Patience})
	t.Cleanup(func() { c.Close() })
	return c
}

// do runs commands, such as "publish a 1".
func do(t testing.TB, c *redis.Client, commands ...string) {
	t.Helper()
	for _, line := range commands {
		var args []any
		for _, word := range strings.Fields(line) {
			args = append(args, word)
		}
		if err := c.Do(t.Context(), args...).Err(); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
}

func TestRedisChannels(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://" + server.Addr + "?subscribe=news&psubscribe=room:*"}, Messages: feed.Messages{MaxMessage: 1 << 20}})
	r.Log.Wait(t, "source is connected")
	do(t, c, "publish news one", "publish other no", "publish room:1 two")
	if err := c.Publish(t.Context(), "news", "\xff\xfe").Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Publish(t.Context(), "news", strings.Repeat("x", 20<<20)).Err(); err != nil {
		t.Fatal(err)
	}
	do(t, c, "publish room:2 three")
	got := r.Sink.Wait(t, 4)
	want := []struct {
		kind         hub.Kind
		key, payload string
	}{{hub.Text, "news", "one"}, {hub.Text, "room:1", "two"}, {hub.Binary, "news", "\xff\xfe"}, {hub.Text, "room:2", "three"}}
	for i, w := range want {
		if got[i].Kind != w.kind || got[i].Payload != w.payload || r.Sink.Keys[i] != w.key {
			t.Errorf("message %d is %v %q of %q, want %v", i, got[i].Kind, got[i].Payload, r.Sink.Keys[i], w)
		}
	}
	r.Log.Wait(t, "too-large", "Config.Messages.MaxMessage")
	if n := r.Stats().Dropped[driver.DropTooLarge]; n != 1 {
		t.Errorf("%d messages too large, want 1", n)
	}
}

func TestRedisRefusals(t *testing.T) {
	server := brokertest.Redis(t, "--requirepass", "right")
	for _, c := range []struct{ about, url, want string }{
		{"no password", "redis://" + server.Addr + "?subscribe=a", "correct user and password"},
		{"wrong password", "redis://:wrong@" + server.Addr + "?subscribe=a", "correct user and password"},
		{"unknown database", "redis://:right@" + server.Addr + "/99?subscribe=a", "number of the database"},
		{"missing stream", "redis://:right@" + server.Addr + "?stream=none", `no stream \"none\"`},
		{"nobody there", "redis://127.0.0.1:1?subscribe=a", "refuses connections"},
	} {
		t.Run(c.about, func(t *testing.T) {
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: c.url}})
			line := r.Log.Wait(t, "source is away", c.want)
			if strings.Contains(line, ":wrong") || strings.Contains(line, ":right") {
				t.Errorf("the line shows the password: %s", line)
			}
		})
	}
}

// between returns the text between two words.
func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// TestRedisHangs: Redis keeps the connection and says nothing, to either driver.
func TestRedisHangs(t *testing.T) {
	for _, query := range []string{"subscribe=a", "stream=s"} {
		t.Run(query, func(t *testing.T) {
			server := brokertest.Redis(t)
			do(t, redisClient(t, server), "xadd s * data x")
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://" + server.Addr + "?" + query}, Dialling: feed.Dialling{Ping: 200 * time.Millisecond}})
			r.Log.Wait(t, "source is connected")
			server.Stop()
			r.Log.Wait(t, "source is away", `"reason":"ping"`, "no sign of life")
			server.Continue()
			r.Log.Wait(t, "source is back")
		})
	}
}

// TestRedisQuietIsNoSilence: pings keep a quiet connection, and the end of the
// context ends it quickly.
func TestRedisQuietIsNoSilence(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://" + server.Addr + "?subscribe=a"}, Dialling: feed.Dialling{Ping: 200 * time.Millisecond}})
	r.Log.Wait(t, "source is connected")
	var lost uint64 // connections that a busy machine lost because it answered late
	first := 0      // pings before the present connection
	peertest.Eventually(t, "10 pings over one connection", func() bool {
		info, err := c.Info(t.Context(), "commandstats").Result()
		calls, _ := strconv.Atoi(between(info, "cmdstat_ping:calls=", ","))
		if n := r.Stats().Reconnects[driver.ReasonPing]; n != lost {
			lost, first = n, calls
		}
		return err == nil && calls >= first+10
	})
	r.Stop()
	feedrun.EndsWithin(t, time.Second, func() *feedrun.Running {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://" + server.Addr + "?subscribe=a"}})
		r.Log.Wait(t, "source is connected")
		do(t, c, "publish a 1")
		r.Sink.Wait(t, 1)
		return r
	})
}

// TestRedisKilledUnderLoad: the source is back within two seconds. Its messages are in order,
// and none of the stream is missing or repeated.
func TestRedisKilledUnderLoad(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	do(t, c, "xadd s * data x")
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://" + server.Addr + "?stream=s"}})
	r.Log.Wait(t, "source is connected")
	const before, after = 2000, 4000
	add := func(c *redis.Client, from, to int) {
		t.Helper()
		for ; from < to; from += 100 {
			_, err := c.Pipelined(t.Context(), func(p redis.Pipeliner) error {
				for i := range 100 {
					p.XAdd(context.Background(), &redis.XAddArgs{Stream: "s", Values: []any{"data", from + i}})
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	add(c, 0, before)
	server.Kill()
	server.Start()
	add(redisClient(t, server), before, after)
	for i, m := range r.Sink.Wait(t, after) {
		if m.Payload != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, m.Payload)
		}
	}
	feedrun.BackSoon(t, server, r)
	feedrun.RetriesSoon(t, r)
}

func TestDemandOfRedis(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	feedrun.OnDemand(t, server, "redis://"+server.Addr+"?subscribe=user:{key}", func(key, text string) {
		if err := c.Publish(t.Context(), "user:"+key, text).Err(); err != nil {
			t.Fatal(err)
		}
	}, func(key string) bool {
		n, err := c.PubSubNumSub(t.Context(), "user:"+key).Result()
		if err != nil {
			t.Fatal(err)
		}
		return n["user:"+key] == 1
	})
}

// TestDemandOfRedisForMany: more keys are wanted than one SUBSCRIBE takes.
func TestDemandOfRedisForMany(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	var users []string
	for i := range 5 * source.Batch {
		users = append(users, fmt.Sprint(i))
	}
	w := feedtest.NewWishes(users...)
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://" + server.Addr + "?subscribe=user:{key}"}, Demand: w})
	r.Log.Wait(t, "source is connected")
	channels := func() int {
		all, err := c.PubSubChannels(t.Context(), "user:*").Result()
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := channels(); n != len(users) {
		t.Errorf("%d channels, want %d", n, len(users))
	}
	w.Want(false, users...)
	peertest.Eventually(t, "all channels are left", func() bool { return channels() == 0 })
}

func TestRedisPublishing(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	t.Run("a channel", func(t *testing.T) { feedrun.Converse(t, "redis://"+server.Addr+"?subscribe=room&publish=room") })
	do(t, c, "xadd s * data x")
	t.Run("a stream", func(t *testing.T) { feedrun.Converse(t, "redis://"+server.Addr+"?stream=s&publish=s") })
	t.Run("refused, and lost", func(t *testing.T) {
		do(t, c, "acl setuser u on >pw +@all -xadd ~* &room", "set string x")
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://u:pw@" + server.Addr + "?subscribe=room&publish=other"}, Sending: feed.Sending{Uplink: true}})
		r.EventuallyTakes(t, 1)
		if err := feedrun.Refused(r, []byte("x")); err == nil || !feedtest.Holds(err.Error(), []string{"NOPERM", "ACL SETUSER"}) || strings.Contains(err.Error(), "pw") {
			t.Errorf("got %v", err)
		}
		do(t, c, "acl setuser u &other", "client kill type normal skipme yes")
		peertest.Eventually(t, "published again", func() bool { return r.Send(hub.Text, []byte("x")) == nil })
		if n := r.Stats().Reconnects[driver.ReasonLost]; n != 0 {
			t.Errorf("the feed's own connection was given up %d times", n)
		}
	})
	t.Run("the broker hangs", func(t *testing.T) {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://" + server.Addr + "?subscribe=room&publish=room"}, Sending: feed.Sending{Uplink: true}})
		r.EventuallyTakes(t, 1)
		server.Stop()
		defer server.Continue()
		// The first is taken, and is on its way while Redis hangs.
		peertest.Eventually(t, "the publisher is busy", func() bool { return errors.Is(r.Send(hub.Text, []byte("x")), driver.ErrBusy) })
		r.Stop() // does not wait for it
	})
}

func TestRedisOverTLS(t *testing.T) {
	cert, key, trust := feedrun.CertificateFiles(t)
	addr := nettest.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	brokertest.Redis(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	feedrun.OverTLS(t, "rediss://"+addr+"?subscribe=a", trust)
}
