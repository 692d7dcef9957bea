package relay

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the addresses that are trusted to tell a client's address.
type proxies []netip.Prefix

// newProxies reads addresses and prefixes such as 10.0.0.0/8.
func newProxies(texts []string) (p proxies, err error) {
	for _, text := range texts {
		prefix, bad := netip.ParsePrefix(text)
		if addr, notAddr := netip.ParseAddr(text); notAddr == nil {
			prefix, bad = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("relay: %.80q is no address or prefix; write 10.0.0.0/8 or 2001:db8::1", text))
		}
		p = append(p, prefix.Masked())
	}
	return p, err
}

// CheckProxy returns what is wrong with an entry of Access.TrustedProxies, nil if
// nothing is.
func CheckProxy(text string) error {
	_, err := newProxies([]string{text})
	return err
}

func (p proxies) trusts(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// maxHops bounds how many forwarding addresses of one request are looked at.
const maxHops = 20

// client returns the address of the client that made a request. It is the connection's
// address, or, if that is a trusted proxy, the first untrusted one from the right in
// Forwarded (RFC 7239) or else X-Forwarded-For. Only what trusted proxies appended
// counts, because a client can invent everything to the left of it. An unreadable entry
// ends the search: then the proxy that wrote it is the client.
func (p proxies) client(req *http.Request) netip.Addr {
	from := remoteAddr(req.RemoteAddr)
	if len(p) == 0 || !p.trusts(from) {
		return from
	}
	hops := forwardedFor(req.Header)
	for i := len(hops) - 1; i >= 0 && i >= len(hops)-maxHops; i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			return from
		}
		if from = hop; !p.trusts(hop) {
			return from
		}
	}
	return from
}

func remoteAddr(s string) netip.Addr {
	ap, _ := netip.ParseAddrPort(s)
	return ap.Addr().Unmap().WithZone("")
}

// forwardedFor returns the chain of addresses in the order of the hops.
func forwardedFor(h http.Header) (hops []string) {
	if lines := h["Forwarded"]; len(lines) > 0 {
		for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
			hops = append(hops, forwardedNode(part))
		}
		return hops
	}
	for _, line := range h["X-Forwarded-For"] {
		hops = append(hops, strings.Split(line, ",")...)
	}
	return hops
}

// forwardedNode returns the for= of one element of Forwarded, empty if it has
// none (RFC 7239 section 4).
func forwardedNode(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, ok := strings.Cut(pair, "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), "for") {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}

// parseHop reads an address with or without port and brackets.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.Unmap().WithZone(""), err == nil
}

// addressBlock returns the addresses that limits per address count together: an IPv4
// address, or the /64 that an IPv6 customer has alone.
func addressBlock(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
