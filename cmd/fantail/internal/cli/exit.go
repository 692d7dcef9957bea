package cli

import (
	"errors"
	"fmt"
	"io"
)

// exitMisuse is the exit code for a command line or a configuration that has to be
// changed.
const exitMisuse = 2

// usageError is a command line that cannot be run as it is.
type usageError struct{ error }

// Misuse makes err a usageError.
func Misuse(err error) error { return usageError{err} }

// ExitCode makes a usageError an exitCoder.
func (usageError) ExitCode() int { return exitMisuse }

// exitCoder is an error with an exit code of its own.
type exitCoder interface {
	error
	ExitCode() int
}

// ExitCode returns 0 for no error, that of an exitCoder, and 1 for any other
// failure.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[exitCoder](err); ok {
		return e.ExitCode()
	}
	return 1
}

// Conclude tells of an error, if there is one, and returns the exit code.
func Conclude(err error, w io.Writer) int {
	if err != nil {
		fmt.Fprintln(w, "fantail:", err)
	}
	return ExitCode(err)
}
