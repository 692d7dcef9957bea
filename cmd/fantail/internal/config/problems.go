package config

import (
	"fmt"
	"strings"
	"unicode"

	"fantail/cmd/fantail/internal/text"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Subject string // the variable and the part of its value that may be shown
	Err     error  // what is wrong, and what to change
}

// Error returns one line, even if the value and the error contain line breaks.
func (p Problem) Error() string {
	line := p.Subject + ": " + strings.ReplaceAll(Names.Text(p.Err), "\n", "; ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, line)
}

// Unwrap returns Err.
func (p Problem) Unwrap() error { return p.Err }

// Problems are all problems of a configuration.
type Problems []Problem

// Error returns a line with the number of problems, and then one line for each.
func (p Problems) Error() string {
	noun := "problems"
	if len(p) == 1 {
		noun = "problem"
	}
	b := new(strings.Builder)
	fmt.Fprintf(b, "%d %s with the configuration:", len(p), noun)
	for _, one := range p {
		b.WriteString("\n  " + one.Error())
	}
	return b.String()
}

// Unwrap returns the problems.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, one := range p {
		errs[i] = one
	}
	return errs
}

// ExitCode returns 2, as for a command line that has to be changed.
func (Problems) ExitCode() int { return 2 }

// Shown returns the part of a text that may be shown: without secrets, and shortened.
func (v Variable) Shown(value string) string {
	switch {
	case v.Secret == Hidden && value != "" && !strings.HasPrefix(value, "@"):
		return hiddenText
	case v.Secret == Masked:
		value = maskURL(value)
	}
	return text.Shorten(value)
}

// hiddenText stands for a secret.
const hiddenText = "(hidden)"

// maskURL returns only the scheme of a URL, since any other part may hold a token, above
// all in a text that is no valid URL. An address without an authority, such as
// replay:FILE, is shown up to its query.
func maskURL(s string) string {
	end := strings.IndexAny(s, "?#")
	if end < 0 {
		end = len(s)
	}
	scheme, _, remote := strings.Cut(s[:end], "://")
	switch {
	case remote:
		return scheme + "://" + hiddenText
	case strings.Contains(s, "@"):
		return hiddenText
	case end < len(s):
		return s[:end+1] + hiddenText
	}
	return s
}
