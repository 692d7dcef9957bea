package feed

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Demand tells which keys somebody wants at present, so that a source can be
// asked for those alone; *hub.Demand is one. A Feed calls it from one goroutine
// at a time.
type Demand interface {
	// Changed holds a token when Changes has something to tell. It is never
	// closed.
	Changed() <-chan struct{}
	// Changes returns the keys that are wanted, and those that are not any
	// more, since the last call of Changes or All.
	Changes() (wanted, unwanted []string)
	// All returns every key that is wanted.
	All() []string
}

// keyPlace is where a key stands in the name of a channel on demand.
const keyPlace = "{key}"

// OnDemand reports whether a source URL asks a broker for the channels of single
// keys.
func OnDemand(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	values, err := url.ParseQuery(u.RawQuery)
	return err == nil && hasKeyPlace(values[demandParam(u.Scheme, values)])
}

// demandParam returns the parameter that may hold keyPlace; empty = none may.
func demandParam(scheme string, values url.Values) string {
	switch strings.ToLower(scheme) {
	case "redis", "rediss":
		return "subscribe"
	case "nats", "tls+nats":
		if !values.Has("stream") {
			return "subject"
		}
	case "amqp", "amqps":
		return "bind"
	}
	return ""
}

// checkKeyPlaces refuses keyPlace where it would be read as it stands.
func checkKeyPlaces(scheme string, values url.Values) error {
	good := demandParam(scheme, values)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name == good || !hasKeyPlace(values[name]) {
			continue
		}
		advice := "a stream has no keys on demand"
		if good != "" {
			advice = fmt.Sprintf("only %s= may have it", good)
		}
		errs = append(errs, fmt.Errorf("feed: the source URL has %s in %.40q; %s", keyPlace, name, advice))
	}
	return errors.Join(errs...)
}

func hasKeyPlace(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, keyPlace) })
}

// followDemand has change do what demand asks for until a connection ends. One over
// which that fails is given up: its next says why.
func followDemand(d Demand, life *lifeline, change func(wanted, unwanted []string) error) {
	for {
		select {
		case <-life.done:
			return
		case <-d.Changed():
		}
		if change(d.Changes()) != nil {
			life.Close()
			return
		}
	}
}

// nobody is the Demand of a feed without clients.
type nobody struct{}

func (nobody) Changed() <-chan struct{}             { return nil }
func (nobody) Changes() (wanted, unwanted []string) { return nil, nil }
func (nobody) All() []string                        { return nil }

// template is a name with a key in it: user:{key}.
type template struct{ before, after string }

// name returns the channel of a key.
func (t template) name(key string) string { return t.before + key + t.after }

// key returns the key whose channel this is.
func (t template) key(name string) (key string, ok bool) {
	if len(name) <= len(t.before)+len(t.after) || !strings.HasPrefix(name, t.before) || !strings.HasSuffix(name, t.after) {
		return "", false
	}
	return name[len(t.before) : len(name)-len(t.after)], true
}

// names are what a source is asked for: some names always, some on demand.
type names struct {
	fixed     []string
	templates []template
	literal   map[string]bool // fixed, as a set
}

// newNames divides the values of a parameter.
func newNames(values []string) (names, error) {
	n := names{literal: make(map[string]bool)}
	for _, v := range values {
		before, after, onDemand := strings.Cut(v, keyPlace)
		switch {
		case !onDemand:
			n.fixed = append(n.fixed, v)
			n.literal[v] = true
		case strings.Contains(after, keyPlace):
			return n, fmt.Errorf("feed: the source URL has %s twice in %.40q; write it once", keyPlace, v)
		default:
			n.templates = append(n.templates, template{before, after})
		}
	}
	return n, nil
}

// key returns the key of a message that came under a name.
func (n names) key(name string) string {
	if len(n.templates) == 0 || n.literal[name] {
		return name
	}
	for _, t := range n.templates {
		if key, ok := t.key(name); ok {
			return key
		}
	}
	return name
}

// of returns the names of keys on demand.
func (n names) of(keys []string) []string {
	var all []string
	for _, k := range keys {
		for _, t := range n.templates {
			if name := t.name(k); !n.literal[name] {
				all = append(all, name)
			}
		}
	}
	return all
}
