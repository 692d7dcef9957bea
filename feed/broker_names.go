package feed

import (
	"fmt"
	"strings"

	"fantail/feed/driver"
)

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
		before, after, onDemand := strings.Cut(v, driver.KeyPlace)
		switch {
		case !onDemand:
			n.fixed = append(n.fixed, v)
			n.literal[v] = true
		case strings.Contains(after, driver.KeyPlace):
			return n, fmt.Errorf("feed: the source URL has %s twice in %.40q; write it once", driver.KeyPlace, v)
		default:
			n.templates = append(n.templates, template{before, after})
		}
	}
	return n, nil
}

// demand returns d, if it can want any of the names.
func (n names) demand(d driver.Demand) driver.Demand {
	if len(n.templates) == 0 {
		return driver.NoDemand{}
	}
	return d
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
