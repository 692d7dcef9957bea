package relay

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestClientAddress(t *testing.T) {
	trusted, err := newProxies([]string{"10.0.0.0/8", "2001:db8::1", "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, remote, header, value, want string
	}{
		{"nobody between", "203.0.113.5:999", "", "", "203.0.113.5"},
		{"a stranger's word", "203.0.113.5:999", "X-Forwarded-For", "1.1.1.1", "203.0.113.5"},
		{"one proxy", "10.0.0.1:999", "X-Forwarded-For", "203.0.113.5", "203.0.113.5"},
		{"what the client invented", "10.0.0.1:999", "X-Forwarded-For", "1.1.1.1, 203.0.113.5", "203.0.113.5"},
		{"a chain of proxies", "10.0.0.1:999", "X-Forwarded-For", "1.1.1.1, 203.0.113.5,10.1.1.1 ,192.0.2.1", "203.0.113.5"},
		{"only proxies", "10.0.0.1:999", "X-Forwarded-For", "10.2.2.2, 10.1.1.1", "10.2.2.2"},
		{"an unreadable entry", "10.0.0.1:999", "X-Forwarded-For", "203.0.113.5, unknown, 10.1.1.1", "10.1.1.1"},
		{"an empty header", "10.0.0.1:999", "X-Forwarded-For", "", "10.0.0.1"},
		{"empty entries", "10.0.0.1:999", "X-Forwarded-For", ",,,", "10.0.0.1"},
		{"with a port", "10.0.0.1:999", "X-Forwarded-For", "203.0.113.5:4711", "203.0.113.5"},
		{"IPv6", "[2001:db8::1]:999", "X-Forwarded-For", "2001:db8:7::7", "2001:db8:7::7"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:999", "X-Forwarded-For", "::ffff:203.0.113.5", "203.0.113.5"},
		{"Forwarded", "10.0.0.1:999", "Forwarded", `for=203.0.113.5;proto=https;by=10.0.0.9`, "203.0.113.5"},
		{"Forwarded, quoted IPv6", "10.0.0.1:999", "Forwarded", `for="[2001:db8:7::7]:4711"`, "2001:db8:7::7"},
		{"Forwarded, a chain", "10.0.0.1:999", "Forwarded", `For=1.1.1.1, for=203.0.113.5, for=10.3.3.3`, "203.0.113.5"},
		{"Forwarded, hidden", "10.0.0.1:999", "Forwarded", `for=_hidden`, "10.0.0.1"},
		{"Forwarded, without for", "10.0.0.1:999", "Forwarded", `proto=https`, "10.0.0.1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
			if c.header != "" {
				req.Header.Set(c.header, c.value)
			}
			if got := trusted.client(req).String(); got != c.want {
				t.Errorf("client is %s, want %s", got, c.want)
			}
		})
	}
	long := &http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": {strings.Repeat("10.0.0.1,", 100_000) + "10.9.9.9"}}}
	if got := trusted.client(long).String(); got != "10.0.0.1" {
		t.Errorf("a chain of 100,000 proxies leads to %s", got)
	}
	if got := proxies(nil).client(&http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": {"1.1.1.1"}}}); got.String() != "10.0.0.1" {
		t.Errorf("without trusted proxies the client is %s", got)
	}
}

// FuzzClientAddress: with all headers the client is either the peer or an address in
// them, and never an address that only a stranger named.
func FuzzClientAddress(f *testing.F) {
	f.Add("X-Forwarded-For", "1.1.1.1, 203.0.113.5,10.1.1.1")
	f.Add("Forwarded", `for="[2001:db8::1]:1";by=x, for=10.0.0.1`)
	f.Add("X-Forwarded-For", ",,;;\x00")
	trusted, _ := newProxies([]string{"10.0.0.0/8"})
	f.Fuzz(func(t *testing.T, name, value string) {
		h := http.Header{http.CanonicalHeaderKey(name): {value}}
		if got := trusted.client(&http.Request{RemoteAddr: "203.0.113.5:1", Header: h}); got.String() != "203.0.113.5" {
			t.Errorf("a stranger's headers made it %s", got)
		}
		if got := trusted.client(&http.Request{RemoteAddr: "10.0.0.1:1", Header: h}); !got.IsValid() {
			t.Error("the client has no address")
		}
	})
}

func TestAddressBlock(t *testing.T) {
	for addr, want := range map[string]string{
		"203.0.113.5": "203.0.113.5/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
	} {
		if got := addressBlock(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
