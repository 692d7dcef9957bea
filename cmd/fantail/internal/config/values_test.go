package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fantail/relay"
)

func TestSize(t *testing.T) {
	tests := []struct {
		in   string
		want int64
	}{
		{"0", 0}, {"1000", 1000}, {"64KiB", 65536}, {"64 kib", 65536}, {"64KB", 64000}, {"64K", 64000},
		{"128MiB", 128 << 20}, {"5MB", 5e6}, {"1.5GiB", 3 << 29}, {"1GiB", 1 << 30}, {"2TiB", 2 << 40}, {"7B", 7},
	}
	for _, tt := range tests {
		if got, err := size[int64](0, 4*tib)(tt.in); got != tt.want || err != nil {
			t.Errorf("size of %q: %d, %v; want %d", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "-1", "+1", "-64KiB", "1,5GiB", "1,000", "KiB", "1e3", "0x10", "64 KiBs", "NaN", "inf", "1.2.3", "16EiB", "99999999999999999999", "٣"} {
		if got, err := size[int64](0, 4*tib)(in); err == nil {
			t.Errorf("size of %q: %d, want an error", in, got)
		}
	}
}

func TestFormatSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: "1", 1000: "1000", 1024: "1KiB", 65536: "64KiB", 64 << 20: "64MiB", 3 << 29: "1536MiB", 5 << 40: "5TiB", 1 << 60: "1048576TiB"} {
		if got := formatSize(n); got != want {
			t.Errorf("formatSize(%d) = %s, want %s", n, got, want)
		}
	}
}

// FuzzSize holds that a size is within its bounds, and is the same again when it
// is written out.
func FuzzSize(f *testing.F) {
	for _, s := range []string{"64KiB", "1.5GiB", "-1", "1,5", "99999999999999999999TiB", "٣٣"} {
		f.Add(s)
	}
	parse := size[int64](10, 1<<50)
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parse(s)
		if err != nil {
			return
		}
		if n < 10 || n > 1<<50 {
			t.Errorf("size of %q is %d", s, n)
		}
		if again, err := parse(formatSize(n)); again != n || err != nil {
			t.Errorf("size of %q is %d, written %s, read back %d, %v", s, n, formatSize(n), again, err)
		}
	})
}

func TestDurationWithZero(t *testing.T) {
	parse := zeroOr(duration(time.Second, time.Minute))
	for in, want := range map[string]time.Duration{"0": 0, "0s": 0, "1s": time.Second, "1m": time.Minute, "1.5s": 1500 * time.Millisecond} {
		if got, err := parse(in); got != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "1", "-1s", "999ms", "61s", "forever"} {
		if got, err := parse(in); err == nil || !strings.HasSuffix(err.Error(), ", or 0") {
			t.Errorf("%q: %v, %v; want an error that allows 0", in, got, err)
		}
	}
}

func TestListen(t *testing.T) {
	for _, in := range []string{":8080", "127.0.0.1:0", "[::1]:9090", "localhost:65535", "[fe80::1%eth0]:80"} {
		if got, err := parseListen(in); got != in || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "8080", "::1:80", "h:http", "h:-1", "h:65536", "http://h:80", "h:"} {
		if _, err := parseListen(in); err == nil || !strings.Contains(err.Error(), "such as :8080") {
			t.Errorf("%q: %v, want an error with an example", in, err)
		}
	}
}

func TestOrigins(t *testing.T) {
	tests := []struct {
		in   string
		want []string // nil is an error
	}{
		{"", []string{}},
		{"*", []string{"*"}},
		{"https://a.example,http://b.example:81", []string{"https://a.example", "http://b.example:81"}},
		{" HTTPS://A.example\n  http://[::1]:3000 ,", []string{"HTTPS://A.example", "http://[::1]:3000"}},
		{"a.example *.b.example", []string{"a.example", "*.b.example"}},
		{"https://a.example/", nil}, {"https://u@a.example", nil}, {"https://a.example?x", nil},
		{"https://", nil}, {"//a.example", nil}, {"*a.example", nil}, {"a.*.example", nil}, {"https://a.example:port", nil},
	}
	for _, tt := range tests {
		got, err := listOf(relay.CheckOrigin)(tt.in)
		if !slices.Equal(got, tt.want) || (err == nil) != (tt.want != nil) {
			t.Errorf("%q: %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestProxies(t *testing.T) {
	got, err := listOf(relay.CheckProxy)("10.0.0.0/8, 2001:db8::1")
	if err != nil || !slices.Equal(got, []string{"10.0.0.0/8", "2001:db8::1"}) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := listOf(relay.CheckProxy)("10.0.0.0/33"); err == nil || !strings.Contains(err.Error(), "such as") && !strings.Contains(err.Error(), "write") {
		t.Errorf("got %v, want an error that says what to write", err)
	}
}

func TestSubprotocols(t *testing.T) {
	got, err := parseSubprotocols("v10.stomp, graphql-ws")
	if err != nil || !slices.Equal(got, []string{"v10.stomp", "graphql-ws"}) {
		t.Errorf("got %q, %v", got, err)
	}
	for _, in := range []string{"a;b", "é", "a\x01"} {
		if _, err := parseSubprotocols(in); err == nil {
			t.Errorf("%q: want an error", in)
		}
	}
}
