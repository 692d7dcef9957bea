package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub"
	"fantail/relay"
)

func TestConfigDefaults(t *testing.T) {
	cmdtest.Setenv(t)
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	send, err := c.Feed.Sending.Frames()
	if send != nil || err != nil {
		t.Errorf("SourceSend() = %q, %v", send, err)
	}
	headers, err := c.Feed.Dialling.Headers()
	if headers != nil || err != nil {
		t.Errorf("SourceHeaders() = %q, %v", headers, err)
	}
	rules, err := c.Feed.Messages.Rules()
	if rules != nil || err != nil {
		t.Errorf("SourceRules() = %v, %v", rules, err)
	}
	c.Feed.Sending.Frames, c.Feed.Dialling.Headers, c.Feed.Messages.Rules, c.Relay.Push.Token = nil, nil, nil, nil // DeepEqual compares no functions
	host, _ := os.Hostname()
	want := Config{
		Feed: feed.Config{
			Sources:  feed.Sources{URL: "demo:", Host: host, Mode: feed.Failover, GapWait: 50 * time.Millisecond, Failback: time.Minute},
			Dialling: feed.Dialling{Subprotocols: []string{}, Ping: 20 * time.Second},
			Sending:  feed.Sending{PingEvery: 20 * time.Second},
			Messages: feed.Messages{MaxMessage: 16 << 20},
			Stdin:    os.Stdin,
		},
		Hub: hub.Config{
			Ring: hub.RingSize{Messages: 65536, Bytes: 128 << 20}, Queue: hub.Bounds{Messages: 32768, Bytes: 64 << 20, Stall: 10 * time.Second},
			Liveness: hub.Liveness{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second},
		},
		Relay: relay.Config{
			Limits:   relay.Limits{Clients: clientsFor(fileLimit())},
			Access:   relay.Access{AllowedOrigins: []string{}, TrustedProxies: []string{}},
			Delivery: relay.Delivery{Policy: hub.Evict, Compression: true},
			Uplink:   relay.Uplink{Rate: 5, Burst: 5, MaxMessage: 64 << 10},
			Sockets:  relay.Sockets{UnsentLimit: 64 << 10, PeerTimeout: 40 * time.Second},
			Push:     relay.Push{MaxBody: 16 << 20},
		},
		Listen:   Listen{Public: ":8080", Admin: "127.0.0.1:9090"},
		Drain:    Drain{Window: 7 * time.Second},
		Log:      Log{Level: zerolog.InfoLevel, Format: "auto"},
		snapshot: "none",
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestConfigValues(t *testing.T) {
	file := filepath.Join(t.TempDir(), "headers.json")
	cmdtest.WriteFile(t, file, `{"Authorization":"Bearer 1"}`)
	cmdtest.Setenv(t, "FANTAIL_SOURCE_URL=wss://example.com/feed?token=t", "FANTAIL_LISTEN=[::1]:0", "FANTAIL_RING_MESSAGES=1",
		"FANTAIL_RING_BYTES=1GiB", "FANTAIL_QUEUE_BYTES=1GiB", "FANTAIL_MAX_CLIENTS=2",
		"FANTAIL_ALLOWED_ORIGINS=https://A.example, http://b.example:8000", "FANTAIL_LOG_LEVEL=debug",
		"FANTAIL_SLOW_POLICY=conflate", "FANTAIL_CLIENT_POLICY=false", "FANTAIL_SNAPSHOT=last", "FANTAIL_SNAPSHOT_KEYS=200", "FANTAIL_KEY_REQUIRED=true",
		"FANTAIL_SOURCE_MAX_AGE=1h", "FANTAIL_SOURCE_OVERLAP=true",
		"FANTAIL_SOURCE_KEY=a.b:c", "FANTAIL_SOURCE_WS_PING=1m", "FANTAIL_SOURCE_SUBPROTOCOLS=v1,v2", `FANTAIL_SOURCE_SEND=["a"]`, "FANTAIL_SOURCE_HEADERS=@"+file)
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Hub.Queue.Messages != 1 || c.Hub.Queue.Bytes != gib || c.Relay.Limits.Clients != 2 || c.Log.Level != zerolog.DebugLevel || c.Feed.Dialling.Ping != time.Minute {
		t.Errorf("got %+v", c)
	}
	if c.Relay.Delivery.Policy != hub.Conflate || !c.Relay.Delivery.FixedPolicy || c.Hub.Snapshot.Keys != 200 || !c.Relay.Access.KeyRequired || c.Feed.Messages.Key != "a.b:c" || !c.Feed.Renewal.Overlap {
		t.Errorf("got %+v", c)
	}
	if got := strings.Join(append(c.Relay.Access.AllowedOrigins, c.Feed.Dialling.Subprotocols...), " "); got != "https://A.example http://b.example:8000 v1 v2" {
		t.Errorf("got lists %s", got)
	}
	cmdtest.WriteFile(t, file, `{"Authorization":"Bearer 2"}`)
	if h, err := c.Feed.Dialling.Headers(); err != nil || h.Get("Authorization") != "Bearer 2" {
		t.Errorf("the rotated secret was not read again: %v, %v", h, err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Feed.Dialling.Headers(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that went away: %v", err)
	}
}

func TestConfigOfRealFeeds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.json")
	cmdtest.WriteFile(t, file, `[{"match":"^PING (.*)","do":"reply","send":"PONG $1"}]`)
	cmdtest.Setenv(t, "FANTAIL_SOURCE_URL=wss://h/?cursor={cursor}", "FANTAIL_SOURCE_CURSOR=time_us", "FANTAIL_SOURCE_RULES=@"+file,
		"FANTAIL_SOURCE_PING=ping", "FANTAIL_SOURCE_PING_EVERY=25s", "FANTAIL_SOURCE_SPLIT=json-array", "FANTAIL_SOURCE_SEND_RATE=20/10s",
		"FANTAIL_SOURCE_ID=hash", "FANTAIL_SOURCE_MAX_AGE=23h", "FANTAIL_SOURCE_WS_PING=off")
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := c.Feed.Messages.Rules()
	if err != nil || len(rules) != 1 || rules[0].Send[0] != "PONG $1" {
		t.Errorf("got rules %+v, %v", rules, err)
	}
	if c.Feed.Sending.PingText != "ping" || c.Feed.Sending.PingEvery != 25*time.Second || c.Feed.Messages.Split != stage.SplitArray || c.Feed.Sending.Rate != (driver.Rate{Count: 20, Per: 10 * time.Second}) {
		t.Errorf("got %+v", c)
	}
	if c.Feed.Messages.ID != "hash" || c.Feed.Messages.Cursor != "time_us" || c.Feed.Renewal.MaxAge != 23*time.Hour || c.Feed.Renewal.Overlap || c.Feed.Dialling.Ping != driver.NoPing {
		t.Errorf("got %+v", c)
	}
	cmdtest.WriteFile(t, file, "[]")
	if rules, err := c.Feed.Messages.Rules(); err != nil || len(rules) != 0 {
		t.Errorf("rules that changed were not read again: %v, %v", rules, err)
	}
}

// TestConfigProblems has one row for everything that a single variable, or two
// together, can have wrong.
func TestConfigProblems(t *testing.T) {
	dir := t.TempDir()
	cert, key := cmdtest.SelfSigned(t, dir)
	tests := []struct{ set, want string }{
		{"FANTAIL_SOURCE_URL=", "FANTAIL_SOURCE_URL=: set, but empty; write the address of the feed, such as wss://example.com/feed, or demo: for the demo feed"},
		{"FANTAIL_SOURCE_URL=example.com/feed", "FANTAIL_SOURCE_URL=example.com/feed: feed: the source URL has no scheme"},
		{"FANTAIL_SOURCE_URL=ws://u:geheim@h:%zz/?token=geheim", "FANTAIL_SOURCE_URL=ws://(hidden): feed: the source URL is no URL"},
		{"FANTAIL_SOURCE_URL=gopher://h/", "the source URL has the unknown scheme \"gopher\""},
		{"FANTAIL_SOURCE_URL=replay:" + dir + "/none?speed=-1", "no such file or directory"},
		{"FANTAIL_LISTEN=8080", "FANTAIL_LISTEN=8080: not an address; write host:port, such as :8080"},
		{"FANTAIL_ADMIN_LISTEN=:65536", `FANTAIL_ADMIN_LISTEN=:65536: port "65536" is not a number from 0 to 65535`},
		{"FANTAIL_RING_MESSAGES=many", "FANTAIL_RING_MESSAGES=many: not a whole number; write one from 1 to 16777216"},
		{"FANTAIL_RING_MESSAGES=0", "FANTAIL_RING_MESSAGES=0: too small; write at least 1"},
		{"FANTAIL_RING_MESSAGES=16777217", "too large; write at most 16777216"},
		{"FANTAIL_RING_BYTES=-1", "FANTAIL_RING_BYTES=-1: not a size; write one such as 64KiB"},
		{"FANTAIL_RING_BYTES=2TiB", "FANTAIL_RING_BYTES=2TiB: too large; write at most 1TiB"},
		{"FANTAIL_RING_BYTES=63MiB", "FANTAIL_RING_BYTES=63MiB: the ring must hold 4 messages of FANTAIL_SOURCE_MAX_MESSAGE (16MiB); write at least 64MiB"},
		{"FANTAIL_SLOW_POLICY=wait", "FANTAIL_SLOW_POLICY=wait: not known; write evict, skip or conflate"},
		{"FANTAIL_SLOW_POLICY=conflate", "FANTAIL_SLOW_POLICY=conflate: conflating takes the newest messages from the snapshot; write FANTAIL_SNAPSHOT=last as well"},
		{"FANTAIL_CLIENT_POLICY=yes", "FANTAIL_CLIENT_POLICY=yes: not known; write true or false"},
		{"FANTAIL_SNAPSHOT=all", "FANTAIL_SNAPSHOT=all: not known; write none or last"},
		{"FANTAIL_SNAPSHOT_KEYS=0", "FANTAIL_SNAPSHOT_KEYS=0: too small; write at least 1"},
		{"FANTAIL_KEY_REQUIRED=1", "FANTAIL_KEY_REQUIRED=1: not known; write true or false"},
		{`FANTAIL_SOURCE_RULES=[{"match":"(","do":"drop"},{"do":"x"},{"match":"a","do":"reply"}]`, `FANTAIL_SOURCE_RULES=(hidden): rule 2 has "do":"x"; write one of reply, drop, reconnect, fatal`},
		{`FANTAIL_SOURCE_RULES=[{"match":"(","do":"drop"},{"match":"a","do":"reply"}]`, `rule 1 has a "match" that is no Go regular expression: error parsing regexp: missing closing ): ` + "`(`; rule 2 replies nothing"},
		{`FANTAIL_SOURCE_RULES=[{"match":"a","do":"reply","send":"b"}]`, `the source's settings: FANTAIL_SOURCE_RULES: nothing can be sent to a demo: source`},
		{"FANTAIL_SOURCE_PING=ping", `the source's settings: FANTAIL_SOURCE_PING is set, but nothing can be sent to a demo: source; unset it`},
		{"FANTAIL_SOURCE_PING_EVERY=1ms", "FANTAIL_SOURCE_PING_EVERY=1ms: too small; write at least 100ms"},
		{"FANTAIL_SOURCE_SPLIT=csv", "FANTAIL_SOURCE_SPLIT=csv: not known; write none or lines or json-array"},
		{"FANTAIL_SOURCE_SEND_RATE=fast", "FANTAIL_SOURCE_SEND_RATE=fast: not a whole number; write one from 0 to 10000, perhaps with a time, such as 5 or 20/10s"},
		{"FANTAIL_SOURCE_SEND_RATE=5/s", "FANTAIL_SOURCE_SEND_RATE=5/s: the time after the / is not a duration"},
		{"FANTAIL_SOURCE_ID=:", `FANTAIL_SOURCE_ID=:: path 1, "", is empty`},
		{"FANTAIL_SOURCE_URL=wss://h/?cursor={cursor}", "the source's settings: the source URL has {cursor}, but nothing says what that is; set FANTAIL_SOURCE_CURSOR"},
		{"FANTAIL_SOURCE_CURSOR=time_us", "the source's settings: FANTAIL_SOURCE_CURSOR is set, but the source URL has no place for it"},
		{"FANTAIL_SOURCE_MAX_AGE=1ms", "FANTAIL_SOURCE_MAX_AGE=1ms: too small; write at least 1s, or 0"},
		{"FANTAIL_SOURCE_OVERLAP=true", "the source's settings: FANTAIL_SOURCE_OVERLAP is of use only with FANTAIL_SOURCE_MAX_AGE"},
		{"FANTAIL_SOURCE_WS_PING=never", "FANTAIL_SOURCE_WS_PING=never: not a duration"},
		{"FANTAIL_SOURCE_KEY=a:", `FANTAIL_SOURCE_KEY=a:: path 2, "", is empty; write gjson paths such as stream`},
		{"FANTAIL_SOURCE_KEY=re:x", "FANTAIL_SOURCE_KEY=re:x: has a regular expression with 0 groups"},
		{"FANTAIL_STALL_TIMEOUT=10", "FANTAIL_STALL_TIMEOUT=10: not a duration; write a number with its unit"},
		{"FANTAIL_STALL_TIMEOUT=0", "FANTAIL_STALL_TIMEOUT=0: too small; write at least 100ms"},
		{"FANTAIL_MAX_CLIENTS=-1", "FANTAIL_MAX_CLIENTS=-1: too small; write at least 1, or auto"},
		{"FANTAIL_ALLOWED_ORIGINS=https://a.example/app", `"https://a.example/app" is no origin; write scheme and host only`},
		{"FANTAIL_ALLOWED_ORIGINS=a/example", `"a/example" is no origin`},
		{"FANTAIL_TRUSTED_PROXIES=10.0.0.0/33", `"10.0.0.0/33" is no address or prefix`},
		{"FANTAIL_LOG_LEVEL=loud", "FANTAIL_LOG_LEVEL=loud: not known; write debug or info or warn or error"},
		{"FANTAIL_QUEUE_MESSAGES=65537", "FANTAIL_QUEUE_MESSAGES=65537: a queue is a part of the ring; write at most FANTAIL_RING_MESSAGES (65536), or auto"},
		{"FANTAIL_QUEUE_BYTES=129MiB", "FANTAIL_QUEUE_BYTES=129MiB: a queue is a part of the ring; write at most FANTAIL_RING_BYTES (128MiB), or auto"},
		{"FANTAIL_QUEUE_BYTES=some", "FANTAIL_QUEUE_BYTES=some: not a size; write one such as 64KiB, 128MiB, 1GiB, 5MB or 1000, or auto"},
		{"FANTAIL_UNSENT_LIMIT=1", "FANTAIL_UNSENT_LIMIT=1: too small; write at least 1KiB"},
		{"FANTAIL_UPLINK_ALLOW=^x", "FANTAIL_UPLINK_ALLOW=^x: nothing is forwarded with FANTAIL_UPLINK=reject; write forward there, or unset this"},
		{"FANTAIL_UPLINK=both", "FANTAIL_UPLINK=both: not known; write reject or ignore or forward"},
		{"FANTAIL_UPLINK_ALLOW=(", "FANTAIL_UPLINK_ALLOW=(: not a Go regular expression"},
		{"FANTAIL_UPLINK_RATE=-1", "FANTAIL_UPLINK_RATE=-1: too small; write at least 0"},
		{"FANTAIL_DRAIN_WINDOW=2h", "FANTAIL_DRAIN_WINDOW=2h: too large; write at most 1h0m0s, or 0"},
		{"FANTAIL_SOURCE_WS_PING=-5s", "FANTAIL_SOURCE_WS_PING=-5s: too small; write at least 100ms"},
		{"FANTAIL_SOURCE_IDLE_TIMEOUT=1", "FANTAIL_SOURCE_IDLE_TIMEOUT=1: not a duration; write a number with its unit, such as 500ms, 10s or 2m, or 0"},
		{"FANTAIL_SOURCE_SUBPROTOCOLS=a/b", `FANTAIL_SOURCE_SUBPROTOCOLS=a/b: "a/b" is not a subprotocol`},
		{"FANTAIL_SOURCE_URL=redis://u:geheim@h", "FANTAIL_SOURCE_URL=redis://(hidden): feed: the source URL does not say what to read from Redis"},
		{"FANTAIL_SOURCE_URL=nats://geheim@h?subject=a..b", "a subject is words with dots between them"},
		{"FANTAIL_SOURCE_URL=amqp://u:geheim@h?exchange=x&type=queue", "unknown; write one of topic, direct, fanout"},
		{"FANTAIL_SOURCE_URL=push:", "FANTAIL_PUSH_TOKEN=: anybody could push messages to clients"},
		{"FANTAIL_PUSH_TOKEN=geheim", "FANTAIL_PUSH_TOKEN=(hidden): too short with its 6 characters; write at least 16"},
		{"FANTAIL_SOURCE_SEND=geheim", "FANTAIL_SOURCE_SEND=(hidden): not a JSON array (byte 1)"},
		{"FANTAIL_SOURCE_HEADERS=@" + dir + "/none", "FANTAIL_SOURCE_HEADERS=@" + dir + "/none: open " + dir + "/none: no such file or directory"},
		{"FANTAIL_SOURCE_HEADERS=[\"geheim\"]", "FANTAIL_SOURCE_HEADERS=(hidden): not a JSON object of strings"},
		{"FANTAIL_TLS_CERT=" + cert, "FANTAIL_TLS_KEY=: FANTAIL_TLS_CERT is set without its key"},
		{"FANTAIL_TLS_KEY=" + key, "FANTAIL_TLS_CERT=: FANTAIL_TLS_KEY is set without its certificate"},
		{"FANTAIL_LOG_FORMAT=a\nb", "FANTAIL_LOG_FORMAT=a b: not known"},
		{"FANTAIL_LOG_FORMAT=" + strings.Repeat("é", 1000), "FANTAIL_LOG_FORMAT=" + strings.Repeat("é", 80) + "…: not known"},
		{"FANTAIL_SOURCE_HEADRS=geheim", "FANTAIL_SOURCE_HEADRS: no such variable; did you mean FANTAIL_SOURCE_HEADERS?"},
	}
	for _, tt := range tests {
		t.Run(tt.set[:min(40, len(tt.set))], func(t *testing.T) {
			cmdtest.Setenv(t, tt.set)
			_, err := Load()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v\nwant %s", err, tt.want)
			}
			if !strings.HasPrefix(err.Error(), "1 problem with the configuration:\n  ") || strings.Count(err.Error(), "\n") != 1 {
				t.Errorf("want one line under one heading: %q", err)
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("shows a secret: %v", err)
			}
		})
	}
}

func TestConfigReportsAllProblemsAtOnce(t *testing.T) {
	cmdtest.Setenv(t, "FANTAIL_LISTEN=8080", "FANTAIL_RING_BYTES=lots", "FANTAIL_QUEUE_BYTES=1TiB", "FANTAIL_PING_INTERVAL=30",
		"FANTAIL_UPLINK=maybe", "FANTAIL_RINGMESSAGES=1")
	_, err := Load()
	lines := strings.Split(err.Error(), "\n")
	if lines[0] != "5 problems with the configuration:" || len(lines) != 6 {
		t.Fatalf("got %d lines: %v", len(lines), err)
	}
	for i, name := range []string{"FANTAIL_LISTEN=", "FANTAIL_RING_BYTES=", "FANTAIL_PING_INTERVAL=", "FANTAIL_UPLINK=", "FANTAIL_RINGMESSAGES:"} {
		if !strings.HasPrefix(lines[i+1], "  "+name) {
			t.Errorf("line %d is %q, want it to be about %s", i+1, lines[i+1], name)
		}
	}
}

func TestConfigTLS(t *testing.T) {
	cert, key := cmdtest.SelfSigned(t, t.TempDir())
	_, otherKey := cmdtest.SelfSigned(t, t.TempDir())
	cmdtest.Setenv(t, "FANTAIL_TLS_CERT="+cert, "FANTAIL_TLS_KEY="+key)
	if c, err := Load(); err != nil || c.Listen.Cert != cert || c.Listen.Key != key {
		t.Errorf("got %q, %q, %v", c.Listen.Cert, c.Listen.Key, err)
	}
	for _, wrong := range []string{otherKey, key + "x"} {
		cmdtest.Setenv(t, "FANTAIL_TLS_CERT="+cert, "FANTAIL_TLS_KEY="+wrong)
		_, err := Load()
		if err == nil || !strings.Contains(err.Error(), "cannot be used with FANTAIL_TLS_KEY="+wrong) {
			t.Errorf("got %v", err)
		}
	}
}
