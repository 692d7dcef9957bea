package load

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

// valid is a configuration that tests change.
func valid() Config {
	return Config{URL: "ws://127.0.0.1:1/", Clients: 1, ConnectRate: 1, Duration: time.Second}
}

func TestConfigErrorsSayWhatToChange(t *testing.T) {
	if err := valid().Check(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.URL = "http://x" }, "ws:// or wss://"},
		{func(c *Config) { c.URL = "ws://" }, "a host"},
		{func(c *Config) { c.URL = "ws://a b" }, "write an URL such as"},
		{func(c *Config) { c.Clients = 0 }, "choose 1 to 1000000"},
		{func(c *Config) { c.ConnectRate = 0 }, "connections a second"},
		{func(c *Config) { c.Stalled = 101 }, "choose 0 to 100"},
		{func(c *Config) { c.Warm = -1 }, "to warm up"},
		{func(c *Config) { c.Duration = 0 }, "a duration of 0s"},
		{func(c *Config) { c.Sample = -1 }, "a sample of -1"},
	}
	for _, tt := range tests {
		c := valid()
		tt.change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
}

func TestShares(t *testing.T) {
	tests := []struct{ clients, percent, sample, stalled, sampled int }{
		{1000, 50, 64, 500, 64}, {100, 0, 64, 0, 64}, {10, 10, 64, 1, 9}, {7, 100, 64, 7, 0}, {1000, 33, 1, 330, 1}, {5, 0, 0, 0, 0},
	}
	for _, tt := range tests {
		c := Config{Clients: tt.clients, Stalled: tt.percent, Sample: tt.sample}
		stalled, sampled, reader := 0, 0, 0
		for i := range c.Clients {
			if c.stalled(i) {
				stalled++
				continue
			}
			if c.sampled(reader) {
				sampled++
			}
			reader++
		}
		if stalled != tt.stalled || sampled != tt.sampled {
			t.Errorf("%+v: %d stalled, %d sampled", tt, stalled, sampled)
		}
	}
}

func TestSourceAddresses(t *testing.T) {
	for i, want := range map[int]string{0: "127.0.0.2", 24999: "127.0.0.2", 25000: "127.0.0.3", MaxClients - 1: "127.0.0.41"} {
		if got := sourceAddress(i); !got.Equal(net.ParseIP(want)) {
			t.Errorf("client %d: %v, want %s", i, got, want)
		}
	}
	for host, want := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "localhost": true, "10.0.0.1": false, "::1": false, "example.com": false} {
		if isLoopback4(host) != want {
			t.Errorf("%s: loopback %v", host, !want)
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{"ws://h/": "h:80", "wss://h/": "h:443", "ws://h:81/": "h:81", "ws://[::1]/": "[::1]:80"} {
		u, err := url.Parse(in)
		if err != nil || address(u) != want {
			t.Errorf("%s: %s, %v", in, address(u), err)
		}
	}
	if got := publicURL("wss://u:p@h:1/ws?token=x#y"); got != "wss://h:1/ws" {
		t.Errorf("shown as %s", got)
	}
}

func TestJudge(t *testing.T) {
	tests := []struct {
		load Load
		want string
	}{
		{Load{Cores: 2, CPU: 0.5, Lag: 1}, ""},
		{Load{Cores: 2, CPU: -1, Lag: 1}, ""},
		{Load{Cores: 4, CPU: 0.9, Lag: 1}, "used 90 % of this machine's 4 cores"},
		{Load{Cores: 2, CPU: 0.5, Lag: 50}, "read up to 50 ms late"},
	}
	for _, tt := range tests {
		if got := tt.load.Judge(); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%+v: %q", tt.load, got)
		}
	}
}

func TestSpread(t *testing.T) {
	if spread(newHistogram()) != nil {
		t.Error("an empty histogram has figures")
	}
	a, b := openTally(), openTally()
	for i := range int64(1000) {
		[]*tally{a, b}[i%2].latency((i + 1) * int64(time.Millisecond))
	}
	a.latency(int64(100 * time.Hour)) // beyond the histogram's end
	all := merged([]*tally{a, b}, latencyOf)
	s := spread(all)
	near := func(got, want float64) bool { return got > want*0.998 && got < want*1.002 }
	if s.Count != 1001 || !near(s.P50, 501) || !near(s.P90, 901) || !near(s.P99, 991) || !near(s.P999, 1000) || !near(s.Max, 3_600_000) {
		t.Errorf("%+v", s)
	}
	if merged([]*tally{a, b}, lagOf).TotalCount() != 0 {
		t.Error("a latency counts as a lag")
	}
}

func TestTotalsMinus(t *testing.T) {
	a := totals{messages: 9, bytes: 90, gaps: 3, missed: 8, repeats: 2, sequenced: 7, untimed: 4, skewed: 5}
	if got := a.minus(a); got != (totals{}) {
		t.Errorf("%+v", got)
	}
	if got := a.minus(totals{messages: 1}); got.messages != 8 || got.bytes != 90 {
		t.Errorf("%+v", got)
	}
}
