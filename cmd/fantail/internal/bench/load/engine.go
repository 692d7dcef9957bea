package load

import (
	"net"
	"runtime"
	"sync"
	"time"

	"fantail/hub/websocket"
)

// engine reads connections for their receivers. add may be called by any
// goroutine, close once.
type engine interface {
	// add takes conn over. It gives early to r, and then everything that arrives. The
	// shard chooses the reader if the engine has several.
	add(shard int, conn net.Conn, r receiver, early []byte) error

	// close sends a close frame on all connections, closes them, and waits for every
	// goroutine of the engine.
	close()
}

// shards is the number of readers that share the clients: half the processors, since the
// other half is for the server, which may be on this machine.
func shards() int { return min(max(runtime.GOMAXPROCS(0)/2, 1), 8) }

// goodbye returns the close frame of a client that leaves (1000, normal closure).
func goodbye() []byte { return appendMasked(nil, websocket.OpClose, []byte{1000 >> 8, 1000 & 0xFF}) }

// goroutines is the engine for every system and for TLS: a goroutine for each
// connection.
type goroutines struct {
	wg     sync.WaitGroup
	mu     sync.Mutex
	conns  map[net.Conn]struct{} // guarded by mu
	closed bool                  // guarded by mu
}

const (
	goroutineBuffer = 4 << 10 // bytes a read; a reader for each connection has one

	// replyTimeout bounds a write to a server that does not read. A server has to take
	// a reply soon.
	replyTimeout = time.Second
)

func newGoroutines() *goroutines { return &goroutines{conns: map[net.Conn]struct{}{}} }

func (g *goroutines) add(_ int, conn net.Conn, r receiver, early []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		conn.Close()
		return net.ErrClosed
	}
	g.conns[conn] = struct{}{}
	g.wg.Go(func() { g.read(conn, r, early) }) // ended by close, or by its connection
	return nil
}

// read serves one connection to its end.
func (g *goroutines) read(conn net.Conn, r receiver, early []byte) {
	err := give(conn, r, early)
	for buf := make([]byte, goroutineBuffer); err == nil; {
		var n int
		n, err = conn.Read(buf)
		if e := give(conn, r, buf[:n]); e != nil {
			err = e
		}
	}
	conn.Close()
	g.mu.Lock()
	delete(g.conns, conn)
	if g.closed {
		err = nil // this side has closed it
	}
	g.mu.Unlock()
	r.ended(err)
}

// give hands b to r and writes its reply.
func give(conn net.Conn, r receiver, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	reply, err := r.take(b)
	if len(reply) > 0 {
		conn.SetWriteDeadline(time.Now().Add(replyTimeout))
		if _, e := conn.Write(reply); err == nil {
			err = e
		}
	}
	return err
}

func (g *goroutines) close() {
	g.mu.Lock()
	g.closed = true
	for conn := range g.conns {
		conn.SetWriteDeadline(time.Now().Add(replyTimeout / 10))
		conn.Write(goodbye())
		conn.Close()
	}
	g.mu.Unlock()
	g.wg.Wait()
}
