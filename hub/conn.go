package hub

// Conn is a client's connection as the hub writes to it.
type Conn interface {
	// TryWrite sends what the socket takes of p without waiting, and returns
	// how many bytes that was. Fewer than len(p) beside a nil error says that
	// the socket is full. The hub calls it with the client's lock held and
	// never again once it has called Close.
	TryWrite(p []byte) (n int, err error)
	// WaitWritable calls try at once, and again whenever the socket may take
	// more, until try returns true. It returns an error once the connection is
	// closed. One goroutine at a time calls it.
	WaitWritable(try func() (done bool)) error
	// Close closes the connection at once and unblocks WaitWritable. With reset,
	// what the kernel still holds is thrown away (SO_LINGER 0). The hub calls it
	// once, and never with the client's lock held.
	Close(reset bool) error
}
