package feed

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// params are the query parameters of a source URL. Each is taken once, and
// rest then complains about what nobody took.
type params struct{ values url.Values }

// take returns a parameter's value, once; ok says that it was there.
func (p params) take(name string) (value string, ok bool, err error) {
	values := p.values[name]
	delete(p.values, name)
	if len(values) > 1 {
		return "", false, fmt.Errorf("feed: the source URL's %s is given %d times; give it once", name, len(values))
	}
	if len(values) == 0 {
		return "", false, nil
	}
	return values[0], true, nil
}

// positive returns a number greater than 0 and at most bound.
func (p params) positive(name string, missing, bound float64) (float64, error) {
	s, ok, err := p.take(name)
	if !ok {
		return missing, err
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n <= 0 || n > bound {
		return 0, fmt.Errorf("feed: the source URL's %s=%.40q must be a number above 0 and up to %g", name, s, bound)
	}
	return n, nil
}

// flag returns whether a parameter is 1 or true.
func (p params) flag(name string) (bool, error) {
	s, ok, err := p.take(name)
	if !ok {
		return false, err
	}
	on, err := strconv.ParseBool(s)
	if err != nil {
		return false, fmt.Errorf("feed: the source URL's %s=%.40q must be 1 or 0", name, s)
	}
	return on, nil
}

// seed returns a whole number.
func (p params) seed(name string, missing uint64) (uint64, error) {
	s, ok, err := p.take(name)
	if !ok {
		return missing, err
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("feed: the source URL's %s=%.40q must be a whole number from 0", name, s)
	}
	return n, nil
}

// rest returns an error that names the parameters that nobody took.
func (p params) rest(known ...string) error {
	if len(p.values) == 0 {
		return nil
	}
	var unknown []string
	for name := range p.values {
		unknown = append(unknown, fmt.Sprintf("%.40q", name))
	}
	slices.Sort(unknown)
	knows := "it takes none"
	if len(known) > 0 {
		knows = "it takes " + strings.Join(known, " and ")
	}
	return fmt.Errorf("feed: the source URL has the unknown parameter %s; %s", strings.Join(unknown, ", "), knows)
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

// each returns all values of a parameter that may be repeated. None of them may
// be empty.
func (p params) each(name string) ([]string, error) {
	values := p.values[name]
	delete(p.values, name)
	if slices.Contains(values, "") {
		return nil, fmt.Errorf("feed: the source URL's %s is empty; write a name behind it, or leave it out", name)
	}
	return values, nil
}

// word returns a parameter that is given once, or the one that is meant
// without it.
func (p params) word(name, missing string) (string, error) {
	s, ok, err := p.take(name)
	switch {
	case !ok:
		return missing, err
	case s == "":
		return "", fmt.Errorf("feed: the source URL's %s is empty; write a name behind it, or leave it out", name)
	}
	return s, nil
}
