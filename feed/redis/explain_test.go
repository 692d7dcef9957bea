//go:build unix

package redis

import (
	"strings"
	"testing"

	"fantail/feed/brokertest"
	"fantail/feed/driver"
)

// TestRedisRefusalShowsNoPassword: a server without AUTH quotes the command that it was sent.
func TestRedisRefusalShowsNoPassword(t *testing.T) {
	server := brokertest.Redis(t, "--rename-command", "AUTH", "", "--rename-command", "HELLO", "")
	d, err := New(driver.Options{URL: "redis://:hunter2secret@" + server.Addr + "?subscribe=a"}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), "unknown command") || strings.Contains(err.Error(), "hunter2secret") {
		t.Error(err)
	}
	c := d.(*channelSource)
	for _, text := range []string{"ERR it was 'hunter2secret' that", "ERR " + strings.Repeat("x", 190) + "hunter2secret"} {
		if err := c.explain(refusedByRedis(text)); strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	}
}

type refusedByRedis string

func (e refusedByRedis) Error() string { return string(e) }
func (refusedByRedis) RedisError()     {}
