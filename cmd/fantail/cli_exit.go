package main

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

// misuse makes err a usageError.
func misuse(err error) error { return usageError{err} }

// ExitCode makes a usageError an exitCoder.
func (usageError) ExitCode() int { return exitMisuse }

// exitCoder is an error with an exit code of its own.
type exitCoder interface {
	error
	ExitCode() int
}

// exitCode returns 0 for no error, that of an exitCoder, and 1 for any other
// failure.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[exitCoder](err); ok {
		return e.ExitCode()
	}
	return 1
}

// conclude tells of an error, if there is one, and returns the exit code.
func conclude(err error, w io.Writer) int {
	if err != nil {
		fmt.Fprintln(w, "fantail:", err)
	}
	return exitCode(err)
}
