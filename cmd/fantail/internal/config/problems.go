package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"fantail/cmd/fantail/internal/text"
)

// problems is everything that is wrong with a configuration: one line each,
// with the variable, its value as far as it may be shown, and what to change.
type problems []string

// Error lists the problems under a line that counts them.
func (p problems) Error() string {
	noun := "problems"
	if len(p) == 1 {
		noun = "problem"
	}
	return fmt.Sprintf("%d %s with the configuration:\n  %s", len(p), noun, strings.Join(p, "\n  "))
}

// ExitCode is that of a command line that has to be changed, and so has the
// environment.
func (problems) ExitCode() int { return 2 }

// parser gathers what is wrong while an environment becomes a config. It finds
// a variable's name by its field, so that no name is written twice.
type parser struct {
	vars     map[*string]Variable
	bad      map[*string]bool
	only     []*string // the fields that are parsed; nil is all of them
	problems problems
}

func newParser(e *Environment) *parser {
	p := &parser{vars: map[*string]Variable{}, bad: map[*string]bool{}}
	for _, v := range e.Variables() {
		p.vars[v.Value] = v
	}
	return p
}

// take parses one field. If that fails it notes the problem and returns the
// zero value.
func take[T any](p *parser, field *string, parse func(string) (T, error)) T {
	if p.only != nil && !slices.Contains(p.only, field) {
		var none T
		return none
	}
	t, err := parse(*field)
	if err != nil {
		p.reject(field, "%w", err)
	}
	return t
}

// err returns the problems found so far as an error.
func (p *parser) err() error {
	if len(p.problems) > 0 {
		return p.problems
	}
	return nil
}

// reject notes a problem of the variable that field holds.
func (p *parser) reject(field *string, format string, args ...any) {
	p.bad[field] = true
	v := p.vars[field]
	p.add(v.Name+"="+Show(*field, v.Secret), fmt.Errorf(format, args...))
}

// good says whether none of the fields was rejected so far.
func (p *parser) good(fields ...*string) bool {
	for _, f := range fields {
		if p.bad[f] {
			return false
		}
	}
	return true
}

// add notes a problem on one line, whatever is in the value or the error.
func (p *parser) add(subject string, err error) {
	line := subject + ": " + strings.ReplaceAll(err.Error(), "\n", "; ")
	p.problems = append(p.problems, strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, line))
}

// Show returns a value as an error may print it: without what is secret, and
// cut where it is long.
func Show(value, secret string) string {
	switch {
	case secret == "all" && value != "" && !strings.HasPrefix(value, "@"):
		return Hidden
	case secret == "url":
		value = maskURL(value)
	}
	return text.Shorten(value)
}

// Hidden stands for what is secret.
const Hidden = "(hidden)"

// maskURL shows the scheme of a URL alone, since tokens are put into any other
// part of one. What has no authority, such as replay:FILE, is shown up to its
// query.
func maskURL(s string) string {
	end := strings.IndexAny(s, "?#")
	if end < 0 {
		end = len(s)
	}
	scheme, _, remote := strings.Cut(s[:end], "://")
	switch {
	case remote:
		return scheme + "://" + Hidden
	case strings.Contains(s, "@"):
		return Hidden
	case end < len(s):
		return s[:end+1] + Hidden
	}
	return s
}
