package hub

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxKey bounds a key, in bytes: that of a message, and each of a Filter.
const MaxKey = 1 << 10

const maxFilterKeys = 256

// Filter is a set of keys that a client wants. It is immutable.
type Filter struct {
	exact    map[string]struct{}
	prefixes []string
	text     string // canonical: equal filters have equal texts
}

// ErrFilter says that a list of keys makes no filter.
var ErrFilter = errors.New("hub: not a filter")

// NewFilter makes a filter from keys. A key that ends in * is a prefix. No keys make a
// nil filter, which lets everything pass. There may be 256 keys of 1 KiB each; anything
// else is an error that wraps ErrFilter.
func NewFilter(keys []string) (*Filter, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	if len(keys) > maxFilterKeys {
		return nil, fmt.Errorf("%w: %d keys; give at most %d, or a prefix", ErrFilter, len(keys), maxFilterKeys)
	}
	f := &Filter{exact: make(map[string]struct{})}
	for _, k := range slices.Compact(slices.Sorted(slices.Values(keys))) {
		switch prefix, isPrefix := strings.CutSuffix(k, "*"); {
		case len(k) > MaxKey:
			return nil, fmt.Errorf("%w: a key of %d bytes; keys have at most %d", ErrFilter, len(k), MaxKey)
		case k == "":
			return nil, fmt.Errorf("%w: an empty key; write * for all keys", ErrFilter)
		case isPrefix:
			f.prefixes = append(f.prefixes, prefix)
		default:
			f.exact[k] = struct{}{}
		}
		f.text += strconv.Itoa(len(k)) + ":" + k // no two sets of keys have the same text
	}
	return f, nil
}

// Match reports whether a message with this key passes. A nil filter lets everything
// pass.
func (f *Filter) Match(key string) bool {
	if f == nil {
		return true
	}
	if _, ok := f.exact[key]; ok {
		return true
	}
	for _, p := range f.prefixes {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// isExact reports whether the filter is a set of keys without prefixes.
func (f *Filter) isExact() bool { return f != nil && len(f.prefixes) == 0 }
