package feed

import (
	"context"
)

// driver opens the connections of one source, one after the other.
type driver interface {
	// open connects. The end of ctx ends the attempt, and later the stream:
	// its next returns soon afterwards, and at most a second later.
	//
	// A *Failure means that it is worth trying again, any other error that
	// it never will be.
	open(ctx context.Context) (stream, error)
}

// stream is one connection. One goroutine.
type stream interface {
	// next waits for the next event; what it holds is valid until the next call.
	// An error is the end of the stream: io.EOF when the source has ended for
	// good, a *Failure when another connection is worth trying, and any other
	// when the source can never be read on.
	next() (Event, error)

	// close releases everything that open and next took. It is called once.
	close()
}
