package setting

import (
	"errors"
	"strings"
)

// Renderer is an error whose text depends on what the program calls its settings.
// A type that wraps errors of this package implements it, so that the
// names of fields do not show through.
type Renderer interface {
	error
	// Render returns the text. Any goroutine.
	Render(Namer) string
}

// joined is the type of an error of errors.Join.
type joined interface{ Unwrap() []error }

// Text returns the text of err with the program's names. It looks through
// errors.Join, through every Renderer, and through a wrapper whose text ends in the
// text of what it wraps, as that of fmt.Errorf("…: %w") does. Any goroutine.
func (n Namer) Text(err error) string {
	if r, ok := err.(Renderer); ok {
		return r.Render(n)
	}
	if parts := parts(err); parts != nil {
		texts := make([]string, len(parts))
		for i, part := range parts {
			texts[i] = n.Text(part)
		}
		return strings.Join(texts, "\n")
	}
	inner := errors.Unwrap(err)
	if inner == nil {
		return err.Error()
	}
	before, ok := strings.CutSuffix(err.Error(), inner.Error())
	if !ok {
		return err.Error()
	}
	return before + n.Text(inner)
}

// Sprintf formats a text as fmt.Sprintf does, and renders each Name and each error
// among args. Any goroutine.
func (n Namer) Sprintf(format string, args ...any) string {
	return Errorf(format, args...).Render(n)
}

// Problems returns the errors that errors.Join put together, in their order, and
// err alone if it is one error. nil has none.
func Problems(err error) []error {
	if err == nil {
		return nil
	}
	parts := parts(err)
	if parts == nil {
		return []error{err}
	}
	var all []error
	for _, part := range parts {
		all = append(all, Problems(part)...)
	}
	return all
}

// parts returns what errors.Join joined; nil if err is anything else, such as an
// error of fmt.Errorf that wraps several.
func parts(err error) []error {
	j, ok := err.(joined)
	if !ok {
		return nil
	}
	parts := j.Unwrap()
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = part.Error()
	}
	if err.Error() != strings.Join(texts, "\n") {
		return nil
	}
	return parts
}
