package hub

// Conn is a client's connection as the hub writes to it.
type Conn interface {
	// TryWrite sends what the socket takes of p without waiting, and returns the number
	// of bytes. Fewer than len(p) beside a nil error means that the socket is full. The
	// hub calls it with the client's lock held, and never after it has called Close.
	TryWrite(p []byte) (n int, err error)
	// WaitWritable calls try at once, and again whenever the socket may take more,
	// until try returns true. It returns an error once the connection is closed. One
	// goroutine at a time calls it.
	WaitWritable(try func() (done bool)) error
	// Close closes the connection at once and unblocks WaitWritable. With reset it
	// discards what the kernel still holds (SO_LINGER 0). The hub calls it once, and
	// never with the client's lock held.
	Close(reset bool) error
}
