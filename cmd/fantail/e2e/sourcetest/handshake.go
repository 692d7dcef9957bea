package sourcetest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"fantail/hub/websocket"
)

// upgrade reads a request and answers it (RFC 6455 section 4.2). Its error is a breach or
// that of the connection.
func (p *Protocol) upgrade(r *bufio.Reader, w io.Writer) (*http.Request, error) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, err
	}
	if err := p.checkRequest(req); err != nil {
		io.WriteString(w, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		return nil, err
	}
	_, err = fmt.Fprintf(w, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		websocket.AcceptKey(req.Header.Get("Sec-WebSocket-Key")))
	return req, err
}

// checkRequest checks a request against the table.
func (p *Protocol) checkRequest(r *http.Request) error {
	want, err := url.Parse(p.URL)
	if err != nil {
		return err
	}
	path := want.Path
	if path == "" {
		path = "/"
	}
	switch {
	case r.Host != want.Host:
		return breach("the host is %q, not %q", r.Host, want.Host)
	case r.URL.Path != path:
		return breach("the path is %q, not %q", r.URL.Path, path)
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		return breach("the handshake upgrades to %q", r.Header.Get("Upgrade"))
	}
	for name, pattern := range p.Header {
		if got := r.Header.Get(name); !whole(pattern).MatchString(got) {
			return breach("the header %s is %q", name, got)
		}
	}
	return p.checkQuery(r.URL.Query())
}

func (p *Protocol) checkQuery(query url.Values) error {
	for name := range query {
		if _, known := p.Query[name]; !known {
			return breach("nobody knows the parameter %q", name)
		}
	}
	for name, pattern := range p.Query {
		if got := query.Get(name); !whole(pattern).MatchString(got) {
			return breach("the parameter %s is %q", name, got)
		}
	}
	return nil
}

// whole compiles a pattern that must match a whole text, line breaks included.
func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?s)\A(?:` + pattern + `)\z`) }
