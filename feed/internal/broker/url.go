package broker

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"fantail/feed/driver"
)

// URL is the address of a broker: scheme://user:password@host:port/path?query.
type URL struct {
	Scheme         string       // in lower case
	Address        string       // host:port
	User, Password string       // unescaped; secret
	Path           string       // unescaped, without the first slash
	Query          driver.Query // what the driver has not taken yet
}

// parseBroker parses the URL of a broker. Its errors never show the URL, which may hold a
// password.
func parseBroker(address, defaultPort string) (URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil: // its text may hold a part of the password
		return URL{}, errors.New("feed: the source URL is no URL; write special characters of user and password as %XX, such as / as %2F")
	case u.User == nil && strings.Contains(u.EscapedPath()+u.RawQuery, "@"): // a password may have ended the host
		return URL{}, errors.New("feed: the source URL has an @ behind its host; write special characters of user and password as %XX, and an @ elsewhere as %40")
	case u.Hostname() == "":
		return URL{}, fmt.Errorf("feed: the source URL names no host; write it as %s://host?…", u.Scheme)
	case u.Fragment != "" || strings.HasSuffix(address, "#"):
		return URL{}, errors.New("feed: the source URL has a #, which ends a URL; write it as %23")
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return URL{}, fmt.Errorf("feed: the source URL's query: %w", err)
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	password, _ := u.User.Password()
	return URL{
		Scheme: strings.ToLower(u.Scheme), Address: net.JoinHostPort(u.Hostname(), port),
		User: u.User.Username(), Password: password,
		Path: strings.TrimPrefix(u.Path, "/"), Query: driver.Query{Values: values},
	}, nil
}
