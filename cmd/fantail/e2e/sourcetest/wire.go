package sourcetest

import (
	"io"
	"net"
	"sync"
	"time"
)

// newWire returns the two ends of a connection in memory. Unlike net.Pipe, a write does
// not wait for the reader, as with a socket's buffer: over TLS both ends write when they
// close, and neither may wait for the other to read.
func newWire() (near, far net.Conn) {
	a, b := newFlow(), newFlow()
	return &wire{in: a, out: b}, &wire{in: b, out: a}
}

// wire is one end. It has no deadlines. Writes never wait, and reads end with the
// connection.
type wire struct{ in, out *flow }

func (w *wire) Read(p []byte) (int, error)  { return w.in.read(p) }
func (w *wire) Write(p []byte) (int, error) { return w.out.write(p) }

// Close ends both directions. The other end can still read the bytes written before.
func (w *wire) Close() error {
	w.in.end(net.ErrClosed)
	w.out.end(io.EOF)
	return nil
}

func (*wire) LocalAddr() net.Addr              { return memory{} }
func (*wire) RemoteAddr() net.Addr             { return memory{} }
func (*wire) SetDeadline(time.Time) error      { return nil }
func (*wire) SetReadDeadline(time.Time) error  { return nil }
func (*wire) SetWriteDeadline(time.Time) error { return nil }

// memory is the address of both ends.
type memory struct{}

func (memory) Network() string { return "memory" }
func (memory) String() string  { return "memory" }

// flow is one direction. Any goroutine may call its methods.
type flow struct {
	mu   sync.Mutex
	more *sync.Cond // something was written, or the flow has ended
	buf  []byte     // written and not read yet; guarded by mu
	err  error      // of a read at the end; nil = not ended; guarded by mu
}

func newFlow() *flow {
	f := new(flow)
	f.more = sync.NewCond(&f.mu)
	return f
}

func (f *flow) read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.buf) == 0 && f.err == nil {
		f.more.Wait()
	}
	if len(f.buf) == 0 || f.err == net.ErrClosed {
		return 0, f.err
	}
	n := copy(p, f.buf)
	f.buf = f.buf[n:]
	return n, nil
}

func (f *flow) write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return 0, net.ErrClosed
	}
	f.buf = append(f.buf, p...)
	f.more.Broadcast()
	return len(p), nil
}

// end ends the flow. Only the first call counts.
func (f *flow) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
	f.more.Broadcast()
}
