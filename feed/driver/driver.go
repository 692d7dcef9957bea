package driver

import (
	"context"
)

// Driver opens the connections of one source, one after the other.
type Driver interface {
	// Open connects, within HandshakeTimeout. The end of ctx ends the attempt. Later
	// it ends the stream: Next then returns within CloseTimeout.
	//
	// A *Failure means that another attempt may succeed. Any other error means that
	// none ever will.
	Open(ctx context.Context) (Stream, error)
}

// Stream is one connection. One goroutine at a time uses it.
type Stream interface {
	// Next waits for the next event. What the event points to is valid until the next
	// call. An error is the end of the stream: io.EOF if the source has ended for
	// good, a *Failure if another connection may succeed, and any other error if the
	// source can never be read on.
	Next() (Event, error)

	// Close releases everything that Open and Next took. It is called once.
	Close()
}
