package hub

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestFilterMatch(t *testing.T) {
	for _, tt := range []struct {
		keys    []string
		yes, no []string
	}{
		{nil, []string{"", "a", "any"}, nil},
		{[]string{"*"}, []string{"", "a", "*"}, nil},
		{[]string{"a"}, []string{"a"}, []string{"", "A", "aa", "b"}},
		{[]string{"a*"}, []string{"a", "ab", "a*", "a*b"}, []string{"", "b", "ba"}},
		{[]string{"a**"}, []string{"a*", "a*b"}, []string{"a", "ab"}}, // only the last * is one
		{[]string{"*a"}, []string{"*a"}, []string{"a", "ba"}},
		{[]string{"a", "b*", "é"}, []string{"a", "b", "bc", "é"}, []string{"ab", "c", "e"}},
	} {
		f := must(NewFilter(tt.keys))
		for _, key := range tt.yes {
			if !f.Match(key) {
				t.Errorf("%q does not pass %q", key, tt.keys)
			}
		}
		for _, key := range tt.no {
			if f.Match(key) {
				t.Errorf("%q passes %q", key, tt.keys)
			}
		}
	}
}

// Equal filters are one lane: order and repetition do not count.
func TestFilterTextIsCanonical(t *testing.T) {
	a, b := must(NewFilter([]string{"b", "a*", "b"})), must(NewFilter([]string{"a*", "b"}))
	if a.text != b.text {
		t.Errorf("%q and %q", a.text, b.text)
	}
	if c := must(NewFilter([]string{"a", "b"})); c.text == a.text {
		t.Errorf("a prefix and a key look alike: %q", c.text)
	}
}

func TestFilterBounds(t *testing.T) {
	many := make([]string, maxFilterKeys+1)
	for i := range many {
		many[i] = strings.Repeat("k", i+1)
	}
	long := strings.Repeat("k", MaxKey)
	for name, tt := range map[string]struct {
		keys []string
		say  string // in the error; empty is none
	}{
		"none":       {nil, ""},
		"as many":    {many[1:], ""},
		"too many":   {many, "257 keys; give at most 256"},
		"as long":    {[]string{long}, ""},
		"too long":   {[]string{long + "k"}, "a key of 1025 bytes"},
		"empty key":  {[]string{""}, "write * for all keys"},
		"a megabyte": {[]string{strings.Repeat("k", 1<<20)}, "keys have at most 1024"},
	} {
		_, err := NewFilter(tt.keys)
		if tt.say == "" && err != nil || tt.say != "" && (!errors.Is(err, ErrFilter) || !strings.Contains(err.Error(), tt.say) || len(err.Error()) > 100) {
			t.Errorf("%s: %v, want %q", name, err, tt.say)
		}
	}
}

// FuzzFilter holds filters against the plainest reading of their keys, and
// canonical texts against the sets they stand for.
func FuzzFilter(f *testing.F) {
	f.Add("a,b*,c", "b1")
	f.Add("*", "")
	f.Add("a\x00b,a", "a\x00b")
	f.Fuzz(func(t *testing.T, list, key string) {
		keys := strings.Split(list, ",")
		filter, err := NewFilter(keys)
		if err != nil {
			if filter != nil || !slices.ContainsFunc(keys, func(k string) bool { return k == "" || len(k) > MaxKey }) && len(keys) <= maxFilterKeys {
				t.Fatalf("%q: %v", keys, err)
			}
			return
		}
		want := slices.ContainsFunc(keys, func(k string) bool {
			if prefix, ok := strings.CutSuffix(k, "*"); ok {
				return strings.HasPrefix(key, prefix)
			}
			return k == key
		})
		if filter.Match(key) != want {
			t.Fatalf("%q passes %q: %v, want %v", key, keys, !want, want)
		}
		slices.Reverse(keys)
		if again := must(NewFilter(append(keys, keys[0]))); len(keys) < maxFilterKeys && again.text != filter.text {
			t.Fatalf("%q and %q", again.text, filter.text)
		}
	})
}

// Two sets of keys have one text only if they are the same, whatever bytes
// keys hold.
func TestFilterTextsOfDifferentSetsDiffer(t *testing.T) {
	a, b := must(NewFilter([]string{"a", "b"})), must(NewFilter([]string{"a\x00b"}))
	if a.text == b.text {
		t.Errorf("two keys and one key with a zero byte are the same filter: %q", a.text)
	}
}
