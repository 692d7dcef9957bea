package stage

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"fantail/feed/driver"
	"fantail/hub/setting"
)

// ruleset holds compiled rules. It is immutable, so any goroutine may use it.
type ruleset []compiledRule

type compiledRule struct {
	Rule
	number int // from 1
	re     *regexp.Regexp
}

// compileRules checks and compiles rules. The error holds every problem, each with the
// number of its rule.
func compileRules(list []Rule) (ruleset, error) {
	if len(list) > maxRules {
		return nil, fmt.Errorf("there are %d rules; write at most %d", len(list), maxRules)
	}
	var bad []error
	compiled := make(ruleset, len(list))
	for i, r := range list {
		re, err := compileMatch(r.Match)
		if err == nil {
			err = r.check(re)
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("rule %d %w", i+1, err))
		}
		compiled[i] = compiledRule{r, i + 1, re}
	}
	return compiled, errors.Join(bad...)
}

func compileMatch(expr string) (*regexp.Regexp, error) {
	switch {
	case expr == "":
		return nil, errors.New(`has no "match"; write a regular expression such as "^PING"`)
	case len(expr) > maxMatch:
		return nil, fmt.Errorf(`has a "match" of %d bytes; write at most %d`, len(expr), maxMatch)
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf(`has a "match" that is no Go regular expression: %w`, err)
	}
	return re, nil
}

// find returns the first rule that matches, and where its groups are. It returns nil if no
// rule matches.
func (rs ruleset) find(payload []byte) (*compiledRule, []int) {
	for i := range rs {
		if at := rs[i].re.FindSubmatchIndex(payload); at != nil {
			return &rs[i], at
		}
	}
	return nil, nil
}

// expand returns the frame that a template makes, and whether it is short enough to be
// sent.
func (r *compiledRule) expand(template string, payload []byte, at []int) (string, bool) {
	grown := 0 // the longest group, checked first so that a huge frame is never built
	for i := 0; i < len(at); i += 2 {
		grown = max(grown, at[i+1]-at[i])
	}
	if grown > maxTemplate {
		return "", false
	}
	frame := r.re.ExpandString(nil, template, string(payload), at)
	return string(frame), len(frame) <= maxTemplate
}

// named names the rule for the operator who wrote it.
func (r *compiledRule) named() error {
	return setting.Errorf("rule %d of %v (%.60q)", r.number, driver.SettingRules, r.Match)
}

// CheckRules returns what is wrong with rules; nil = nothing. The error holds every problem,
// each with the number of its rule.
func CheckRules(list []Rule) error {
	_, err := compileRules(list)
	return err
}

// Replies reports whether any of the rules sends something.
func Replies(list []Rule) bool {
	return slices.ContainsFunc(list, func(r Rule) bool { return r.Do == Reply })
}
