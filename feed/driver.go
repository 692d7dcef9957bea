package feed

import (
	"context"
	"fantail/hub/setting"
	"fmt"
	"net/url"
	"strings"
)

// driver opens the connections of one source, one after the other.
type driver interface {
	// open connects. The end of ctx ends the attempt, and later the stream:
	// its next returns soon afterwards, and at most a second later.
	//
	// A *Failure means that it is worth trying again, any other error that
	// it never will be.
	open(ctx context.Context) (stream, error)
}

// stream is one connection. One goroutine.
type stream interface {
	// next waits for the next event; what it holds is valid until the next call.
	// An error is the end of the stream: io.EOF when the source has ended for
	// good, a *Failure when another connection is worth trying, and any other
	// when the source can never be read on.
	next() (Event, error)

	// close releases everything that open and next took. It is called once.
	close()
}

// scheme is a row of the table: how a kind of source is written and opened.
type scheme struct {
	name   string
	remote bool // reconnecting may help, so Config.IdleTimeout applies
	keys   bool // its messages have keys of their own
	sends  bool // frames can be sent to it: its streams are senders
	open   func(address string, cfg Config) (driver, error)
}

// schemes is the table of all sources. The address that a row's open gets is
// the whole URL.
func schemes() []scheme {
	return []scheme{
		{"ws", true, false, true, newWS},
		{"wss", true, false, true, newWS},
		{"http", true, true, false, newHTTP},
		{"https", true, true, false, newHTTP},
		{"replay", false, false, false, newReplay},
		{"stdin", false, false, false, newStdin},
		{"demo", false, true, false, newDemo},
		{"push", false, true, false, newPush},
		{"redis", true, true, false, newRedis},
		{"rediss", true, true, false, newRedis},
		{"nats", true, true, false, newNATS},
		{"tls+nats", true, true, false, newNATS},
		{"amqp", true, true, false, newAMQP},
		{"amqps", true, true, false, newAMQP},
	}
}

// findScheme returns the row of the URL's scheme.
func findScheme(address string) (scheme, error) {
	name, _, found := strings.Cut(address, ":")
	name = strings.ToLower(name)
	var known []string
	for _, s := range schemes() {
		if found && s.name == name {
			return s, nil
		}
		known = append(known, s.name+":")
	}
	list := strings.Join(known, " ")
	switch {
	case address == "":
		return scheme{}, setting.Errorf("feed: the source URL is empty; set %v to one that starts with %s", SettingURL, list)
	case !found || strings.ContainsAny(name, "./@?"):
		return scheme{}, fmt.Errorf("feed: the source URL has no scheme; start it with one of %s", list)
	}
	return scheme{}, fmt.Errorf("feed: the source URL has the unknown scheme %.40q; start it with one of %s", name, list)
}

// splitLocal takes a URL without a host apart: scheme:rest?query. The rest is
// taken as it stands, so a path needs no escaping, but it cannot hold a "?".
func splitLocal(address string) (rest string, query params, err error) {
	_, address, _ = strings.Cut(address, ":")
	rest, raw, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", params{}, fmt.Errorf("feed: the source URL's query %w", err)
	}
	return rest, params{values}, nil
}
