package main

import "errors"

// usageError is a command line that cannot be run as it is.
type usageError struct{ error }

// exitCode returns 0 for no error, 2 for a command line or a configuration that
// has to be changed, and 1 for any other failure.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if _, ok := errors.AsType[problems](err); ok {
		return 2
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}
