//go:build unix

package redis_test

import (
	"fmt"
	"strings"
	"testing"

	"fantail/feed"
	"fantail/feed/brokertest"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	source "fantail/feed/redis"
)

func TestRedisStreamIsResumed(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	do(t, c, "xadd s * data before")
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "redis://" + server.Addr + "?stream=s"}})
	r.Log.Wait(t, "source is connected")
	do(t, c, "xadd s * data one", "xadd s * user alice text <hi>")
	r.Sink.Wait(t, 2)
	server.Kill()
	r.Log.Wait(t, "source is away")
	server.Start()
	// It may be written before the relay is back, or after.
	do(t, redisClient(t, server), "xadd s * data three")
	r.Sink.Wait(t, 3)
	want := []string{"one", `{"user":"alice","text":"<hi>"}`, "three"}
	if got := r.Sink.Payloads(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRedisStreamLapses: the stream is trimmed, and then replaced, while we are away.
func TestRedisStreamLapses(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	d, err := source.New(driver.Options{URL: "redis://" + server.Addr + "?stream=s&from=0"}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	do(t, c, "xadd s 1-1 data 1")
	s := feedtest.Open(t, d)
	feedtest.WantNumbering(t, s, "redis stream s in 0", redisNumber(1, 1)-1)
	feedtest.WantNext(t, s, "1", redisNumber(1, 1))
	s.Close()
	for _, c := range []struct {
		about    string
		commands []string
		loss     string
		missed   uint64
		behind   uint64
		later    string
		payload  string
		number   uint64
	}{
		{"trimmed", []string{"xadd s 2-1 data 2", "xadd s 3-1 data 3", "xadd s 4-1 data 4", "xtrim s maxlen 1"}, "was trimmed", 2, redisNumber(4, 1) - 1, "xadd s 5-1 data 5", "4", redisNumber(4, 1)},
		{"recreated", []string{"del s", "xadd s 1-1 data x"}, "recreated", 0, redisNumber(1, 1), "xadd s 2-1 data new", "new", redisNumber(2, 1)},
		{"recreated with ids that rise", []string{"del s", "xadd s 8-1 data y", "xadd s 8-2 data z"}, "recreated", 0, redisNumber(8, 1) - 1, "xadd s 9-1 data new", "y", redisNumber(8, 1)},
	} {
		do(t, redisClient(t, server), c.commands...)
		s := feedtest.Open(t, d)
		told := feedtest.WantNumbering(t, s, "redis stream s in 0", c.behind)
		if told.Detail == nil || told.Missed != c.missed || !strings.Contains(told.Detail.Error(), c.loss) {
			t.Errorf("%s: got %v, want a loss of %d", c.about, told, c.missed)
		}
		do(t, redisClient(t, server), c.later)
		feedtest.WantNext(t, s, c.payload, c.number)
		s.Close()
	}
}

// TestRedisStreamRemoved: the stream was missing and is there again. A new numbering starts, so
// clients with a position in the old stream can be told.
func TestRedisStreamRemoved(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	do(t, c, "xadd s 1-1 data old")
	d, err := source.New(driver.Options{URL: "redis://" + server.Addr + "?stream=s&from=0"}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	s := feedtest.Open(t, d)
	feedtest.WantNumbering(t, s, "redis stream s in 0", redisNumber(1, 1)-1)
	feedtest.WantNext(t, s, "old", redisNumber(1, 1))
	s.Close()
	do(t, c, "del s")
	_, err = d.Open(t.Context())
	feedtest.WantFailure(t, err, driver.ReasonHandshake, "no stream")
	do(t, c, "xadd s 9-1 data new")
	s = feedtest.Open(t, d)
	defer s.Close()
	if told := feedtest.WantNumbering(t, s, "redis stream s in 0", redisNumber(9, 1)-1); told.Detail == nil || !strings.Contains(told.Detail.Error(), "recreated") {
		t.Errorf("the operator is told %v", told)
	}
	feedtest.WantNext(t, s, "new", redisNumber(9, 1))
}

// redisNumber returns the number of the id ms-n.
func redisNumber(ms, n uint64) uint64 { return ms<<22 | n }

// TestRedisStreamNumbers: every reader gives the entries of a stream the same numbers, wherever
// it begins. From the first id that is not a time, entries have no numbers.
func TestRedisStreamNumbers(t *testing.T) {
	server := brokertest.Redis(t)
	begin := func(from string) driver.Stream {
		d, err := source.New(driver.Options{URL: "redis://" + server.Addr + "?stream=s&from=" + from}.WithDefaults())
		if err != nil {
			t.Fatal(err)
		}
		s := feedtest.Open(t, d)
		t.Cleanup(s.Close)
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
		feedtest.WantNumbering(t, s, "redis stream s in 0", want.behind)
		feedtest.WantNext(t, s, want.payload, want.number)
	}
	s := begin("$")
	feedtest.WantNumbering(t, s, "redis stream s in 0", redisNumber(6, 0))
	do(t, c, "xadd s 7-0 data d", "xadd s 1700000000000000000-0 data nanoseconds", "xadd s 1700000000000000001-0 data more")
	feedtest.WantNext(t, s, "d", redisNumber(7, 0))
	if told := feedtest.WantNumbering(t, s, "", 0); told.Detail == nil || !strings.Contains(told.Detail.Error(), "1700000000000000000-0") || !strings.Contains(told.Detail.Error(), "XADD *") {
		t.Errorf("the operator is told %v", told)
	}
	feedtest.WantNext(t, s, "nanoseconds", 0)
	feedtest.WantNext(t, s, "more", 0)
	feedtest.WantNumbering(t, begin("$"), "", 0)
}
