package nats

import (
	"net"

	"fantail/feed/internal/broker"
)

// windowBytes is how far a library may read ahead of the stream's reader. With
// it, what waits in memory is bounded whatever the size of the messages.
const windowBytes = 512 << 10

// window is a line that is not read from while more than windowBytes have
// been read and messages of them still wait: back-pressure for a library that
// reads on its own and would drop what does not fit its queue.
type window struct {
	*broker.Link
	waiting func() int    // messages in the library's queue; any goroutine
	drained chan struct{} // one slot; a token says that none waited; never closed
	credit  int           // owned by the reading goroutine
}

func newWindow(l *broker.Link, waiting func() int) *window {
	return &window{Link: l, waiting: waiting, drained: make(chan struct{}, 1), credit: windowBytes}
}

// Read waits for the queue to be empty, if the credit is used up.
func (w *window) Read(p []byte) (int, error) {
	for w.credit <= 0 {
		if w.waiting() == 0 {
			w.credit = windowBytes
			break
		}
		select {
		case <-w.drained:
		case <-w.Closed:
			return 0, net.ErrClosed
		}
	}
	n, err := w.Link.Read(p)
	w.credit -= n
	return n, err
}

// empty tells that no message waits. Any goroutine.
func (w *window) empty() {
	select {
	case w.drained <- struct{}{}:
	default:
	}
}
