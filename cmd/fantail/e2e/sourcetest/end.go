package sourcetest

import (
	"errors"
	"fmt"
)

// Reasons for the end of a session that broke no rule.
var (
	ErrLeft    = errors.New("the subscriber left")
	ErrPlanned = errors.New("the server had said goodbye")
	ErrCut     = errors.New("the server cut the connection")
	ErrRefused = errors.New("the server granted no subscription")
	errClosed  = errors.New("the server was closed")
)

// breachError is a rule that a subscriber broke.
type breachError string

func (e breachError) Error() string { return string(e) }

func breach(format string, args ...any) error { return breachError(fmt.Sprintf(format, args...)) }

func isBreach(err error) bool {
	_, ok := errors.AsType[breachError](err)
	return ok
}
