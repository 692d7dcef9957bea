package floor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/hub/websocket"
)

const (
	// buffer bounds the bytes of one send, and so the longest message.
	buffer = 1 << 20

	handshakeTimeout = 10 * time.Second
)

// Serve subscribes to the WebSocket source at a host:port and passes its frames on to
// every client that l accepts, until ctx or the source ends. The source must send only
// data frames. Serve closes l. Its error is nil if ctx has ended.
func Serve(ctx context.Context, l net.Listener, source string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", source)
	if err != nil {
		return errors.Join(fmt.Errorf("floor: the source: %w", err), l.Close())
	}
	r := &relay{}
	var wg sync.WaitGroup
	wg.Go(func() { r.accept(l, &wg) }) // ended by closing l
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err = r.pump(conn, source)
	stop()
	err = errors.Join(err, conn.Close(), l.Close())
	wg.Wait()
	r.closeAll()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// relay passes bytes on.
type relay struct {
	clients []client // owned by pump

	mu    sync.Mutex
	fresh []client // not yet seen by pump; guarded by mu
}

// pump reads the source and sends each batch of whole frames to all clients.
func (r *relay) pump(conn net.Conn, host string) error {
	br := bufio.NewReader(conn)
	if err := subscribe(conn, br, host); err != nil {
		return err
	}
	buf, kept, cut := make([]byte, buffer), 0, cutter{}
	for {
		n, err := br.Read(buf[kept:])
		if err != nil {
			return fmt.Errorf("floor: the source: %w", err)
		}
		whole, err := cut.whole(buf[kept : kept+n])
		if err != nil {
			return err
		}
		kept += n
		if whole > 0 {
			whole += kept - n
			r.send(buf[:whole])
			kept = copy(buf, buf[whole:kept])
		}
		if kept == len(buf) {
			return fmt.Errorf("floor: a message of more than %d bytes", buffer)
		}
	}
}

// subscribe performs the opening handshake (RFC 6455 section 4.1).
func subscribe(conn net.Conn, br *bufio.Reader, host string) error {
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", host)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		return fmt.Errorf("floor: the source: %w", err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("floor: the source answered HTTP %s", resp.Status)
	}
	return nil
}

// cutter finds where messages end.
type cutter struct{ scan load.Scanner }

// whole returns how many of the next bytes belong to messages that end within them.
func (c *cutter) whole(b []byte) (n int, err error) {
	for rest := b; ; {
		k, more, ok, err := c.scan.Next(rest)
		if err != nil || !ok {
			return n, err
		}
		if rest = more; k.End {
			n = len(b) - len(rest)
		}
	}
}

// send sends b to all clients, and drops each that does not take all of it.
func (r *relay) send(b []byte) {
	r.mu.Lock()
	r.clients = append(r.clients, r.fresh...)
	r.fresh = r.fresh[:0]
	r.mu.Unlock()
	kept := r.clients[:0]
	for _, c := range r.clients {
		if c.send(b) {
			kept = append(kept, c)
		} else {
			c.conn.Close()
		}
	}
	clear(r.clients[len(kept):])
	r.clients = kept
}

// accept takes clients in until l is closed.
func (r *relay) accept(l net.Listener, wg *sync.WaitGroup) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() { // ended by handshakeTimeout
			if err := r.welcome(conn); err != nil {
				conn.Close()
			}
		})
	}
}

// welcome performs the server's side of the handshake (RFC 6455 section 4.2).
func (r *relay) welcome(conn net.Conn) error {
	conn.SetDeadline(time.Now().Add(handshakeTimeout))
	req, err := http.ReadRequest(bufio.NewReaderSize(conn, 1024))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", websocket.AcceptKey(req.Header.Get("Sec-WebSocket-Key")))
	if err != nil {
		return err
	}
	conn.SetDeadline(time.Time{})
	c, err := newClient(conn)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fresh = append(r.fresh, c)
	return nil
}

// closeAll closes all clients. No other goroutine may be at work.
func (r *relay) closeAll() {
	for _, c := range append(r.clients, r.fresh...) {
		c.conn.Close()
	}
}
