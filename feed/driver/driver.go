package driver

import (
	"context"
)

// Driver opens the connections of one source, one after the other.
type Driver interface {
	// Open connects. The end of ctx ends the attempt, and later the stream:
	// its next returns soon afterwards, and at most a second later.
	//
	// A *Failure means that it is worth trying again, any other error that
	// it never will be.
	Open(ctx context.Context) (Stream, error)
}

// Stream is one connection. One goroutine.
type Stream interface {
	// Next waits for the next event; what it holds is valid until the next call.
	// An error is the end of the stream: io.EOF when the source has ended for
	// good, a *Failure when another connection is worth trying, and any other
	// when the source can never be read on.
	Next() (Event, error)

	// Close releases everything that open and next took. It is called once.
	Close()
}
