package broker

import (
	"fmt"
	"strings"

	"fantail/feed/driver"
)

// template is a name with a key in it: user:{key}.
type template struct{ before, after string }

// name returns the channel name of a key.
func (t template) name(key string) string { return t.before + key + t.after }

// key returns the key in a channel name. ok reports whether the name fits the template.
func (t template) key(name string) (key string, ok bool) {
	if len(name) <= len(t.before)+len(t.after) || !strings.HasPrefix(name, t.before) || !strings.HasSuffix(name, t.after) {
		return "", false
	}
	return name[len(t.before) : len(name)-len(t.after)], true
}

// Names are the names that a source is asked for: some always, some on demand. Names are
// immutable, so any goroutine may use them.
type Names struct {
	Fixed     []string // asked for always
	templates []template
	literal   map[string]bool // the set of Fixed
}

// NewNames divides the values of a parameter into fixed names and templates.
func NewNames(values []string) (Names, error) {
	n := Names{literal: make(map[string]bool)}
	for _, v := range values {
		before, after, onDemand := strings.Cut(v, driver.KeyPlace)
		switch {
		case !onDemand:
			n.Fixed = append(n.Fixed, v)
			n.literal[v] = true
		case strings.Contains(after, driver.KeyPlace):
			return n, fmt.Errorf("feed: the source URL has %s twice in %.40q; write it once", driver.KeyPlace, v)
		default:
			n.templates = append(n.templates, template{before, after})
		}
	}
	return n, nil
}

// Demand returns d if there are templates, and otherwise a demand that wants nothing.
func (n Names) Demand(d driver.Demand) driver.Demand {
	if len(n.templates) == 0 {
		return driver.NoDemand{}
	}
	return d
}

// Key returns the key of a message that came under a name: the key in a template's place, or
// else the name itself.
func (n Names) Key(name string) string {
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

// Of returns the names of keys on demand, without those that are asked for always.
func (n Names) Of(keys []string) []string {
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
