package driver

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Query holds the query parameters of a source URL. Its methods take parameters out, and
// Rest then refuses what is left. One goroutine.
type Query struct {
	Values url.Values // the parameters that were not taken yet
}

// Take takes a parameter that may be given once. ok reports whether it was there.
func (p Query) Take(name string) (value string, ok bool, err error) {
	values := p.Values[name]
	delete(p.Values, name)
	if len(values) > 1 {
		return "", false, fmt.Errorf("feed: the source URL's %s is given %d times; give it once", name, len(values))
	}
	if len(values) == 0 {
		return "", false, nil
	}
	return values[0], true, nil
}

// Positive takes a number above 0 and at most bound. It returns missing if the parameter is
// not there.
func (p Query) Positive(name string, missing, bound float64) (float64, error) {
	s, ok, err := p.Take(name)
	if !ok {
		return missing, err
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n <= 0 || n > bound {
		return 0, fmt.Errorf("feed: the source URL's %s=%.40q must be a number above 0 and up to %g", name, s, bound)
	}
	return n, nil
}

// Flag takes a parameter that is 1 or 0, and reports whether it is 1. It is 0 if it is not
// there.
func (p Query) Flag(name string) (bool, error) {
	s, ok, err := p.Take(name)
	if !ok {
		return false, err
	}
	on, err := strconv.ParseBool(s)
	if err != nil {
		return false, fmt.Errorf("feed: the source URL's %s=%.40q must be 1 or 0", name, s)
	}
	return on, nil
}

// Seed takes a whole number from 0. It returns missing if the parameter is not there.
func (p Query) Seed(name string, missing uint64) (uint64, error) {
	s, ok, err := p.Take(name)
	if !ok {
		return missing, err
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("feed: the source URL's %s=%.40q must be a whole number from 0", name, s)
	}
	return n, nil
}

// Rest returns an error that names the parameters that were not taken, and the known ones.
// It returns nil if none is left.
func (p Query) Rest(known ...string) error {
	if len(p.Values) == 0 {
		return nil
	}
	var unknown []string
	for name := range p.Values {
		unknown = append(unknown, fmt.Sprintf("%.40q", name))
	}
	slices.Sort(unknown)
	knows := "it takes none"
	if len(known) > 0 {
		knows = "it takes " + strings.Join(known, " and ")
	}
	return fmt.Errorf("feed: the source URL has the unknown parameter %s; %s", strings.Join(unknown, ", "), knows)
}

// SplitLocal splits a URL without a host: scheme:rest?query. The rest is not unescaped, so a
// path needs no escapes, but it cannot hold a "?".
func SplitLocal(address string) (rest string, query Query, err error) {
	_, address, _ = strings.Cut(address, ":")
	rest, raw, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", Query{}, fmt.Errorf("feed: the source URL's query %w", err)
	}
	return rest, Query{values}, nil
}

// All takes all values of a parameter that may be repeated. An empty value is an error.
func (p Query) All(name string) ([]string, error) {
	values := p.Values[name]
	delete(p.Values, name)
	if slices.Contains(values, "") {
		return nil, fmt.Errorf("feed: the source URL's %s is empty; write a name behind it, or leave it out", name)
	}
	return values, nil
}

// Word takes a parameter that may be given once and not be empty. It returns missing if the
// parameter is not there.
func (p Query) Word(name, missing string) (string, error) {
	s, ok, err := p.Take(name)
	switch {
	case !ok:
		return missing, err
	case s == "":
		return "", fmt.Errorf("feed: the source URL's %s is empty; write a name behind it, or leave it out", name)
	}
	return s, nil
}
