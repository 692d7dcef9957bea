//go:build unix

package feed

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"fantail/feed/brokertest"
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/peertest"
)

// redisClient returns a client that publishes; it is not under test.
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
	r := start(t, Config{Sources: Sources{URL: "redis://" + server.Addr + "?subscribe=news&psubscribe=room:*"}, Messages: Messages{MaxMessage: 1 << 20}})
	r.log.Wait(t, "source is connected")
	do(t, c, "publish news one", "publish other no", "publish room:1 two")
	if err := c.Publish(t.Context(), "news", "\xff\xfe").Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Publish(t.Context(), "news", strings.Repeat("x", 20<<20)).Err(); err != nil {
		t.Fatal(err)
	}
	do(t, c, "publish room:2 three")
	got := r.sink.Wait(t, 4)
	want := []struct {
		kind         hub.Kind
		key, payload string
	}{{hub.Text, "news", "one"}, {hub.Text, "room:1", "two"}, {hub.Binary, "news", "\xff\xfe"}, {hub.Text, "room:2", "three"}}
	for i, w := range want {
		if got[i].Kind != w.kind || got[i].Payload != w.payload || r.sink.Keys[i] != w.key {
			t.Errorf("message %d is %v %q of %q, want %v", i, got[i].Kind, got[i].Payload, r.sink.Keys[i], w)
		}
	}
	r.log.Wait(t, "too-large", "Config.Messages.MaxMessage")
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
			r := start(t, Config{Sources: Sources{URL: c.url}})
			line := r.log.Wait(t, "source is away", c.want)
			if strings.Contains(line, ":wrong") || strings.Contains(line, ":right") {
				t.Errorf("the line shows the password: %s", line)
			}
		})
	}
}

// between returns what stands between two words.
func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// TestRedisHangs: Redis keeps the connection and says nothing, in both ways of
// reading it.
func TestRedisHangs(t *testing.T) {
	for _, query := range []string{"subscribe=a", "stream=s"} {
		t.Run(query, func(t *testing.T) {
			server := brokertest.Redis(t)
			do(t, redisClient(t, server), "xadd s * data x")
			r := start(t, Config{Sources: Sources{URL: "redis://" + server.Addr + "?" + query}, Dialling: Dialling{Ping: 200 * time.Millisecond}})
			r.log.Wait(t, "source is connected")
			server.Stop()
			r.log.Wait(t, "source is away", `"reason":"ping"`, "no sign of life")
			server.Continue()
			r.log.Wait(t, "source is back")
		})
	}
}

// TestRedisQuietIsNoSilence: pings keep a quiet connection, and the end of the
// context ends it quickly.
func TestRedisQuietIsNoSilence(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	r := start(t, Config{Sources: Sources{URL: "redis://" + server.Addr + "?subscribe=a"}, Dialling: Dialling{Ping: 200 * time.Millisecond}})
	r.log.Wait(t, "source is connected")
	var lost uint64 // connections, by a machine too busy to answer in that time
	first := 0      // pings before the present one
	peertest.Eventually(t, "10 pings over one connection", func() bool {
		info, err := c.Info(t.Context(), "commandstats").Result()
		calls, _ := strconv.Atoi(between(info, "cmdstat_ping:calls=", ","))
		if n := r.Stats().Reconnects[driver.ReasonPing]; n != lost {
			lost, first = n, calls
		}
		return err == nil && calls >= first+10
	})
	r.stop()
	endsWithin(t, time.Second, func() *running {
		r := start(t, Config{Sources: Sources{URL: "redis://" + server.Addr + "?subscribe=a"}})
		r.log.Wait(t, "source is connected")
		do(t, c, "publish a 1")
		r.sink.Wait(t, 1)
		return r
	})
}

// TestRedisKilledUnderLoad: back within two seconds, in order, and nothing of a
// stream is missing or repeated.
func TestRedisKilledUnderLoad(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	do(t, c, "xadd s * data x")
	r := start(t, Config{Sources: Sources{URL: "redis://" + server.Addr + "?stream=s"}})
	r.log.Wait(t, "source is connected")
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
	for i, m := range r.sink.Wait(t, after) {
		if m.Payload != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, m.Payload)
		}
	}
	backSoon(t, server, r)
	retriesSoon(t, r)
}

// TestRedisRefusalShowsNoPassword: a server without AUTH quotes what it was sent.
func TestRedisRefusalShowsNoPassword(t *testing.T) {
	server := brokertest.Redis(t, "--rename-command", "AUTH", "", "--rename-command", "HELLO", "")
	d, err := findAndOpen("redis://:hunter2secret@" + server.Addr + "?subscribe=a")
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), "unknown command") || strings.Contains(err.Error(), "hunter2secret") {
		t.Error(err)
	}
	c := d.(*redisChannels)
	for _, text := range []string{"ERR it was 'hunter2secret' that", "ERR " + strings.Repeat("x", 190) + "hunter2secret"} {
		if err := c.explain(refusedByRedis(text)); strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	}
}

type refusedByRedis string

func (e refusedByRedis) Error() string { return string(e) }
func (refusedByRedis) RedisError()     {}
