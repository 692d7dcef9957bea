package config

import (
	"fmt"
	"strings"
	"unicode"

	"fantail/cmd/fantail/internal/text"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Subject string // the variable, with its value as far as it may be shown
	Err     error  // what is wrong, and what to change
}

// Error says it on one line, whatever is in the value or the error.
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

// Problems is everything that is wrong with a configuration.
type Problems []Problem

// Error lists the problems under a line that counts them.
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

// Unwrap returns each problem.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, one := range p {
		errs[i] = one
	}
	return errs
}

// ExitCode is that of a command line that has to be changed, and so has the
// environment.
func (Problems) ExitCode() int { return 2 }

// Shown returns a text as an error may print it: without what is secret, and cut
// where it is long.
func (v Variable) Shown(value string) string {
	switch {
	case v.Secret == Hidden && value != "" && !strings.HasPrefix(value, "@"):
		return hiddenText
	case v.Secret == Masked:
		value = maskURL(value)
	}
	return text.Shorten(value)
}

// hiddenText stands for what is secret.
const hiddenText = "(hidden)"

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
		return scheme + "://" + hiddenText
	case strings.Contains(s, "@"):
		return hiddenText
	case end < len(s):
		return s[:end+1] + hiddenText
	}
	return s
}
