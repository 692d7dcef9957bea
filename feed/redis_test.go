//go:build unix

package feed

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"fantail/feed/brokertest"
	"fantail/hub"
)

// redisClient returns a client that publishes; it is not under test.
func redisClient(t testing.TB, s *brokertest.Server) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, PoolSize: 2, MaxRetries: -1, DialerRetries: 1})
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
	r := start(t, Config{URL: "redis://" + server.Addr + "?subscribe=news&psubscribe=room:*", MaxMessage: 1 << 20})
	r.log.wait(t, "source is connected")
	do(t, c, "publish news one", "publish other no", "publish room:1 two")
	if err := c.Publish(t.Context(), "news", "\xff\xfe").Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Publish(t.Context(), "news", strings.Repeat("x", 20<<20)).Err(); err != nil {
		t.Fatal(err)
	}
	do(t, c, "publish room:2 three")
	got := r.sink.wait(t, 4)
	want := []struct {
		kind         hub.Kind
		key, payload string
	}{{hub.Text, "news", "one"}, {hub.Text, "room:1", "two"}, {hub.Binary, "news", "\xff\xfe"}, {hub.Text, "room:2", "three"}}
	for i, w := range want {
		if got[i].kind != w.kind || got[i].payload != w.payload || r.sink.keys[i] != w.key {
			t.Errorf("message %d is %v %q of %q, want %v", i, got[i].kind, got[i].payload, r.sink.keys[i], w)
		}
	}
	r.log.wait(t, "too-large", "FANTAIL_SOURCE_MAX_MESSAGE")
	if n := r.Stats().Dropped[DropTooLarge]; n != 1 {
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
			r := start(t, Config{URL: c.url})
			line := r.log.wait(t, "source is away", c.want)
			if strings.Contains(line, ":wrong") || strings.Contains(line, ":right") {
				t.Errorf("the line shows the password: %s", line)
			}
		})
	}
}

func TestRedisStreamIsResumed(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	do(t, c, "xadd s * data before")
	r := start(t, Config{URL: "redis://" + server.Addr + "?stream=s"})
	r.log.wait(t, "source is connected")
	do(t, c, "xadd s * data one", "xadd s * user alice text <hi>")
	r.sink.wait(t, 2)
	server.Kill()
	r.log.wait(t, "source is away")
	server.Start()
	// Written perhaps before the relay is back, perhaps after.
	do(t, redisClient(t, server), "xadd s * data three")
	r.sink.wait(t, 3)
	want := []string{"one", `{"user":"alice","text":"<hi>"}`, "three"}
	if got := r.sink.payloads(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRedisStreamLapses: trimmed while we were away, and replaced.
func TestRedisStreamLapses(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	d, err := newRedis("redis://"+server.Addr+"?stream=s&from=0", mustDefaults(t))
	if err != nil {
		t.Fatal(err)
	}
	do(t, c, "xadd s 1-1 data 1")
	s := open(t, d)
	wantSeam(t, s, "redis stream s in 0", redisNumber(1, 1)-1)
	wantNext(t, s, "1", redisNumber(1, 1))
	s.close()
	for _, c := range []struct {
		about    string
		commands []string
		lapse    string
		missed   uint64
		behind   uint64
		later    string
		payload  string
		number   uint64
	}{
		{"trimmed", []string{"xadd s 2-1 data 2", "xadd s 3-1 data 3", "xadd s 4-1 data 4", "xtrim s maxlen 1"}, "was trimmed", 2, redisNumber(4, 1) - 1, "xadd s 5-1 data 5", "4", redisNumber(4, 1)},
		{"made anew", []string{"del s", "xadd s 1-1 data x"}, "made anew", 0, redisNumber(1, 1), "xadd s 2-1 data new", "new", redisNumber(2, 1)},
		{"made anew with ids that rise", []string{"del s", "xadd s 8-1 data y", "xadd s 8-2 data z"}, "made anew", 0, redisNumber(8, 1) - 1, "xadd s 9-1 data new", "y", redisNumber(8, 1)},
	} {
		do(t, redisClient(t, server), c.commands...)
		s := open(t, d)
		told := wantSeam(t, s, "redis stream s in 0", c.behind)
		if told == nil || told.missed != c.missed || !strings.Contains(told.text, c.lapse) {
			t.Errorf("%s: got %v, want a lapse of %d", c.about, told, c.missed)
		}
		do(t, redisClient(t, server), c.later)
		wantNext(t, s, c.payload, c.number)
		s.close()
	}
}

// TestRedisStreamRemoved: a stream that was gone meanwhile begins anew, and whoever
// has a position of the old one can be told.
func TestRedisStreamRemoved(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	do(t, c, "xadd s 1-1 data old")
	d, err := findAndOpen("redis://" + server.Addr + "?stream=s&from=0")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, d)
	wantSeam(t, s, "redis stream s in 0", redisNumber(1, 1)-1)
	wantNext(t, s, "old", redisNumber(1, 1))
	s.close()
	do(t, c, "del s")
	_, err = d.open(t.Context())
	wantFailure(t, err, ReasonHandshake, "no stream")
	do(t, c, "xadd s 9-1 data new")
	s = open(t, d)
	defer s.close()
	if told := wantSeam(t, s, "redis stream s in 0", redisNumber(9, 1)-1); told == nil || !strings.Contains(told.text, "made anew") {
		t.Errorf("the operator is told %v", told)
	}
	wantNext(t, s, "new", redisNumber(9, 1))
}

// redisNumber is what stands for the id ms-n.
func redisNumber(ms, n uint64) uint64 { return ms<<22 | n }

// wantSeam expects a seam next and returns its lapse.
func wantSeam(t *testing.T, s stream, name string, behind uint64) *lapse {
	t.Helper()
	_, err := s.next()
	told, ok := errors.AsType[*seam](err)
	if !ok || told.name != name || told.behind != behind {
		t.Fatalf("got %+v, want a seam of %q behind %d", err, name, behind)
	}
	return told.lapse
}

// wantNext expects a message next.
func wantNext(t *testing.T, s stream, payload string, number uint64) {
	t.Helper()
	if in, err := s.next(); err != nil || string(in.Payload) != payload || in.Seq != number {
		t.Errorf("got %q with number %d, %v; want %q with %d", in.Payload, in.Seq, err, payload, number)
	}
}

// TestRedisStreamNumbers: whoever reads a stream numbers it alike, wherever it
// begins; ids that are no times have no numbers from the first on.
func TestRedisStreamNumbers(t *testing.T) {
	server := brokertest.Redis(t)
	begin := func(from string) stream {
		d, err := findAndOpen("redis://" + server.Addr + "?stream=s&from=" + from)
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, d)
		t.Cleanup(s.close)
		return s
	}
	c := redisClient(t, server)
	do(t, c, "xadd s 5-0 data a", "xadd s 5-7 data b", "xadd s 6-0 data c")
	for from, want := range map[string]struct {
		behind  uint64
		payload string
		number  uint64
	}{
		"0":   {redisNumber(5, 0) - 1, "a", redisNumber(5, 0)},
		"5-0": {redisNumber(5, 0), "b", redisNumber(5, 7)},
		"5-3": {redisNumber(5, 3), "b", redisNumber(5, 7)},
	} {
		s := begin(from)
		wantSeam(t, s, "redis stream s in 0", want.behind)
		wantNext(t, s, want.payload, want.number)
	}
	s := begin("$")
	wantSeam(t, s, "redis stream s in 0", redisNumber(6, 0))
	do(t, c, "xadd s 7-0 data d", "xadd s 1700000000000000000-0 data nanoseconds", "xadd s 1700000000000000001-0 data more")
	wantNext(t, s, "d", redisNumber(7, 0))
	if told := wantSeam(t, s, "", 0); told == nil || !strings.Contains(told.text, "1700000000000000000-0") || !strings.Contains(told.text, "XADD *") {
		t.Errorf("the operator is told %v", told)
	}
	wantNext(t, s, "nanoseconds", 0)
	wantNext(t, s, "more", 0)
	wantSeam(t, begin("$"), "", 0)
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
			r := start(t, Config{URL: "redis://" + server.Addr + "?" + query, Ping: 200 * time.Millisecond})
			r.log.wait(t, "source is connected")
			server.Stop()
			r.log.wait(t, "source is away", `"reason":"ping"`, "no sign of life")
			server.Continue()
			r.log.wait(t, "source is back")
		})
	}
}

// TestRedisQuietIsNoSilence: pings keep a quiet connection, and the end of the
// context ends it quickly.
func TestRedisQuietIsNoSilence(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	r := start(t, Config{URL: "redis://" + server.Addr + "?subscribe=a", Ping: 200 * time.Millisecond})
	r.log.wait(t, "source is connected")
	eventually(t, "10 pings", func() bool {
		info, err := c.Info(t.Context(), "commandstats").Result()
		calls, _ := strconv.Atoi(between(info, "cmdstat_ping:calls=", ","))
		return err == nil && calls >= 10
	})
	do(t, c, "publish a 1")
	r.sink.wait(t, 1)
	if n := r.Stats().Reconnects[ReasonPing]; n != 0 {
		t.Errorf("given up %d times", n)
	}
	began := time.Now()
	if err := r.stop(); err != nil || time.Since(began) > time.Second {
		t.Errorf("Run ended with %v after %v", err, time.Since(began))
	}
}

// TestRedisKilledUnderLoad: back within two seconds, in order, and nothing of a
// stream is missing or repeated.
func TestRedisKilledUnderLoad(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	do(t, c, "xadd s * data x")
	r := start(t, Config{URL: "redis://" + server.Addr + "?stream=s"})
	r.log.wait(t, "source is connected")
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
	began := time.Now()
	add(redisClient(t, server), before, after)
	got := r.sink.wait(t, after)
	r.log.wait(t, "source is back")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("back and done %v after the broker", took)
	}
	for i, m := range got {
		if m.payload != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, m.payload)
		}
	}
}
