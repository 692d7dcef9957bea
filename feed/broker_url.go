package feed

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"fantail/feed/driver"
)

// brokerURL is a broker's address, scheme://user:password@host:port/path?query.
type brokerURL struct {
	scheme         string // in lower case
	address        string // host:port
	user, password string
	path           string // unescaped, without the first slash
	query          driver.Query
}

// parseBroker takes the URL apart. Its errors never show the URL, which may hold
// a password.
func parseBroker(address, defaultPort string) (brokerURL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil: // its text may hold a part of the password
		return brokerURL{}, errors.New("feed: the source URL is no URL; write special characters of user and password as %XX, such as / as %2F")
	case u.User == nil && strings.Contains(u.EscapedPath()+u.RawQuery, "@"): // a password may have ended the host
		return brokerURL{}, errors.New("feed: the source URL has an @ behind its host; write special characters of user and password as %XX, and an @ elsewhere as %40")
	case u.Hostname() == "":
		return brokerURL{}, fmt.Errorf("feed: the source URL names no host; write it as %s://host?…", u.Scheme)
	case u.Fragment != "" || strings.HasSuffix(address, "#"):
		return brokerURL{}, errors.New("feed: the source URL has a #, which ends a URL; write it as %23")
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return brokerURL{}, fmt.Errorf("feed: the source URL's query: %w", err)
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	password, _ := u.User.Password()
	return brokerURL{
		scheme: strings.ToLower(u.Scheme), address: net.JoinHostPort(u.Hostname(), port),
		user: u.User.Username(), password: password,
		path: strings.TrimPrefix(u.Path, "/"), query: driver.Query{Values: values},
	}, nil
}
