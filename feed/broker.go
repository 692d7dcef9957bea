package feed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"fantail/feed/driver"
	"fantail/hub"
)

// brokerRetry bounds the wait between attempts to reach a broker. It is the
// operator's own, few connect to it, and he wants to see it used again within
// two seconds of its return.
const brokerRetry = 1500 * time.Millisecond

// broker is what the drivers of brokers have in common.
type broker struct {
	brokerURL
	opt     driver.Options
	publish string        // what clients send is published under this name; empty = nothing is
	limit   *rate.Limiter // of that
}

// newBroker takes the URL apart. Config.Ping may switch WebSocket's pings off; a
// broker's silence always counts.
func newBroker(o driver.Options, defaultPort string) (broker, error) {
	u, err := parseBroker(o.URL, defaultPort)
	if o.Ping == driver.NoPing {
		o.Ping = driver.DefaultPing
	}
	b := broker{brokerURL: u, opt: o, limit: o.Rate.Limiter()}
	if err == nil {
		b.publish, err = u.query.Word("publish", "")
	}
	return b, err
}

// RetryWithin implements RetryBounded.
func (b *broker) RetryWithin() time.Duration { return brokerRetry }

// granted reports that the broker has let us in, and grants what is read.
func (b *broker) granted(ctx context.Context) {
	driver.Report(ctx, driver.Step{Kind: driver.StepHandshake, Detail: "let in, and what is to be read is there"})
}

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

// messages makes the messages of a broker's stream. One goroutine.
type messages struct {
	most int64 // bytes of a payload
	in   hub.Input
}

// event makes a message of what came under a name: valid UTF-8 is text. Its key is
// that name, unless no client could ask for it. One that is too large is dropped.
func (m *messages) event(name string, payload []byte, number uint64) driver.Event {
	if int64(len(payload)) > m.most {
		return driver.Dropped(driver.DropTooLarge)
	}
	m.in = hub.Input{Kind: hub.Text, Payload: payload, Seq: number}
	if !utf8.Valid(payload) {
		m.in.Kind = hub.Binary
	}
	if len(name) <= hub.MaxKey && utf8.ValidString(name) {
		m.in.Key = name
	}
	return driver.Message(&m.in)
}
