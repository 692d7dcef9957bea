package relay

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"fantail/hub"
	"fantail/hub/websocket"
)

const (
	inboundRate  = 64 << 10         // bytes a second that a client may send
	messageTime  = 10 * time.Second // for one whole message of a client
	controlBurst = 16 << 10         // what frames around a message may add to it; more than any one read
	eventCost    = 256              // the least bytes that a read, or the answer to a ping, counts
)

var (
	errFlood     = errors.New("relay: the client sends more than 64 KiB/s")
	errSlowWrite = errors.New("relay: the client takes more than 10 s for one message")
)

// netConn is the net.Conn that the WebSocket library reads from, writes control frames
// to, and closes. Only Read ever blocks on the peer.
type netConn struct {
	net.Conn
	client *hub.Client // set once, before the library reads

	// owned by the reader goroutine
	early   []byte // bytes that the HTTP server had already read
	budget  *rate.Limiter
	owed    int       // bytes that pongs since the last read count
	began   time.Time // when the message that is being read began, zero between messages
	readErr error     // why Read failed
	closing []byte    // the close frame that the library wanted to send

	failed atomic.Bool // readErr is set; read by Close
}

func newNetConn(c net.Conn, early []byte, largest int64) *netConn {
	return &netConn{Conn: c, early: early, budget: rate.NewLimiter(inboundRate, int(largest)+controlBurst)}
}

// ended reports whether reading has failed. The reader goroutine calls it.
func (n *netConn) ended() bool { return n.readErr != nil }

// Read notes that the client is alive, and charges its budget: floods of tiny frames
// pass every limit on the size of a message. An error that comes with bytes is left for
// the next call, where it comes again. So readErr is set only once the library lacks
// bytes, or the client broke its budget.
func (n *netConn) Read(p []byte) (int, error) {
	got, err := n.read(p)
	switch {
	case got > 0:
		n.client.Heard()
		err = n.charge(got)
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errSlowWrite
	}
	if err != nil {
		n.readErr = err
		n.failed.Store(true)
	}
	return got, err
}

// begin notes that a message has begun, which must be complete within messageTime. end
// notes that it is complete, or that nobody waits for the rest.
func (n *netConn) begin() {
	n.began = time.Now()
	n.Conn.SetReadDeadline(n.began.Add(messageTime))
}

func (n *netConn) end() {
	n.began = time.Time{}
	n.Conn.SetReadDeadline(time.Time{})
}

func (n *netConn) read(p []byte) (int, error) {
	if len(n.early) > 0 {
		got := copy(p, n.early)
		if n.early = n.early[got:]; len(n.early) == 0 {
			n.early = nil
		}
		return got, nil
	}
	return n.Conn.Read(p)
}

// charge counts what a read brought. A read costs a system call, and each ping in it
// costs another, however short they are.
func (n *netConn) charge(got int) error {
	now, cost := time.Now(), max(got, eventCost)+n.owed
	n.owed = 0
	if !n.budget.AllowN(now, cost) {
		return errFlood
	}
	if !n.began.IsZero() && now.Sub(n.began) > messageTime {
		return errSlowWrite
	}
	return nil
}

// flooded reports whether Read failed because the client broke a limit.
func (n *netConn) flooded() bool {
	return errors.Is(n.readErr, errFlood) || errors.Is(n.readErr, errSlowWrite)
}

// Write takes the control frames of the library, one whole frame a call (its buffer
// holds 128 bytes). A pong goes out at the next frame boundary. A close frame is kept:
// the reader decides what it means.
func (n *netConn) Write(p []byte) (int, error) {
	switch p[0] & 0xF {
	case websocket.OpPong:
		n.owed += eventCost
		n.client.Control(p)
	case websocket.OpClose:
		if n.closing == nil {
			n.closing = append(n.closing, p...)
		}
	default:
		return 0, errors.New("relay: the library wrote a frame that is not pong or close")
	}
	return len(p), nil
}

// Close is called by the library, in two cases. The reader calls it after its answer to
// the peer's close frame; then that answer goes out first. A goroutine of the library
// calls it when reading a control frame has failed or taken 5 s. A failure is left to
// the session, which has the error. A delay is told here; the sweep closes the
// connection if the peer does not answer.
func (n *netConn) Close() error {
	switch {
	case n.client == nil: // no client joined
		return n.Conn.Close()
	case n.failed.Load():
		return nil
	case n.closing == nil:
		n.client.Leave(hub.Flood)
		return nil
	}
	n.client.Answer(n.closing)
	return n.client.Close()
}
