package cli

import (
	"errors"
	"fmt"
	"io"
)

// exitMisuse is the exit code of a command line that has to be changed.
const exitMisuse = 2

// usageError is the error of a command line that has to be changed.
type usageError struct{ error }

// Misuse returns err as the error of a command line that has to be changed: its exit
// code is 2.
func Misuse(err error) error { return usageError{err} }

// ExitCode implements exitCoder.
func (usageError) ExitCode() int { return exitMisuse }

// exitCoder is an error with its own exit code.
type exitCoder interface {
	error
	ExitCode() int
}

// ExitCode returns the exit code of the program: 0 without an error, the code of an
// error that has one, and 1 for every other error.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[exitCoder](err); ok {
		return e.ExitCode()
	}
	return 1
}

// Conclude writes an error to w, if there is one, and returns the exit code.
func Conclude(err error, w io.Writer) int {
	if err != nil {
		fmt.Fprintln(w, "fantail:", err)
	}
	return ExitCode(err)
}
