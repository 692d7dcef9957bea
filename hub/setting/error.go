package setting

import (
	"errors"
	"fmt"
)

// Error is an error that can name settings in its text. It is immutable and safe
// for concurrent use.
type Error struct {
	// Setting is the first setting that the text names, or else the one of the
	// first wrapped error that names one. It is empty if there is none.
	Setting Name

	format string
	args   []any
	plain  error // formatted with the names of the fields; it wraps what %w wraps
}

// Errorf formats an error as fmt.Errorf does. Each Name among args becomes what the
// program calls it when the error is rendered, and an error among args is rendered
// in the same way. The args must not change afterwards, since the text is made
// again by each Namer.
func Errorf(format string, args ...any) *Error {
	return &Error{Setting: firstName(args), format: format, args: args, plain: fmt.Errorf(format, args...)}
}

// Error returns the text with the names of the fields.
func (e *Error) Error() string { return e.plain.Error() }

// Unwrap gives errors.Is and errors.As what %w wraps.
func (e *Error) Unwrap() error { return e.plain }

// Render implements Renderer.
func (e *Error) Render(n Namer) string {
	args := make([]any, len(e.args))
	for i, arg := range e.args {
		switch arg := arg.(type) {
		case Name:
			args[i] = n.Name(arg)
		case error:
			args[i] = rendered{arg, n.Text(arg)}
		default:
			args[i] = arg
		}
	}
	return fmt.Errorf(e.format, args...).Error() // which knows %w, unlike Sprintf
}

// rendered is an error with the text that a Namer made of it.
type rendered struct {
	error
	text string
}

func (r rendered) Error() string { return r.text }

// firstName returns the setting that args speak of.
func firstName(args []any) Name {
	var wrapped Name
	for _, arg := range args {
		switch arg := arg.(type) {
		case Name:
			return arg
		case error:
			if wrapped == "" {
				wrapped = Of(arg)
			}
		}
	}
	return wrapped
}

// Of returns the setting that an error speaks of; empty if it speaks of none.
func Of(err error) Name {
	for _, problem := range Problems(err) {
		if e, ok := errors.AsType[*Error](problem); ok && e.Setting != "" {
			return e.Setting
		}
	}
	return ""
}
