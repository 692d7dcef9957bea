package nats

import (
	"net"

	"fantail/feed/internal/broker"
)

// windowBytes is how far the library may read ahead of the stream's reader. It bounds what
// waits in memory, whatever the size of the messages.
const windowBytes = 512 << 10

// window is a link that holds up the library's reads. After windowBytes it waits until no
// message waits in the queue. The library reads by itself and would drop what does not fit
// into its queue, so it needs this back-pressure.
type window struct {
	*broker.Link
	waiting func() int    // messages in the queue; any goroutine may call it
	drained chan struct{} // one slot; a token says that no message waited; never closed
	credit  int           // bytes that may still be read; owned by the reading goroutine
}

func newWindow(l *broker.Link, waiting func() int) *window {
	return &window{Link: l, waiting: waiting, drained: make(chan struct{}, 1), credit: windowBytes}
}

// Read waits for an empty queue if the credit is used up.
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

// empty tells that no message waits. Any goroutine may call it.
func (w *window) empty() {
	select {
	case w.drained <- struct{}{}:
	default:
	}
}
