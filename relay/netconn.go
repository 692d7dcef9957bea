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
	inboundRate  = 64 << 10         // bytes a second that a client may send us
	messageTime  = 10 * time.Second // for one whole message of a client's
	controlBurst = 16 << 10         // what frames around a message may add to it; above any one read
	eventCost    = 256              // bytes that a read, or the answer to a ping, counts as at least
)

var (
	errFlood     = errors.New("relay: the client sends more than 64 KiB/s")
	errSlowWrite = errors.New("relay: the client takes more than 10 s for one message")
)

// netConn is the net.Conn that the WebSocket library reads from, writes control
// frames to and closes. None of it ever blocks on the peer except Read.
type netConn struct {
	net.Conn
	client *hub.Client // set once, before the library reads

	// owned by the reader goroutine
	early   []byte // bytes that the HTTP server had already read
	budget  *rate.Limiter
	owed    int       // bytes that pongs since the last read count as
	began   time.Time // of the message being read, zero between messages
	readErr error     // why Read failed
	closing []byte    // the close frame that the library wanted to send

	failed atomic.Bool // readErr is set; read by Close
}

func newNetConn(c net.Conn, early []byte, largest int64) *netConn {
	return &netConn{Conn: c, early: early, budget: rate.NewLimiter(inboundRate, int(largest)+controlBurst)}
}

// Read stamps the client alive and charges its budget: floods of tiny frames
// pass every limit on the size of a message. An error that comes along with
// bytes is left for the next call, where it comes again: so readErr is set only
// once the library lacks bytes, or broke the budget.
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

// begin notes that a message has begun, which is to be whole within messageTime,
// and end that it is or that nobody waits for the rest.
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

// charge books what a read brought. Its price in work is that of a system call,
// and of another for each ping in it, however short they are.
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

// Write takes the control frames that the library sends, one whole frame a call
// (its buffer holds 128 bytes). A pong goes out at the next frame boundary. A
// close frame is kept: the reader decides what it means.
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

// Close is how the library closes: by the reader behind its answer to the peer's
// close frame, which therefore goes out first, and by a goroutine of its own when
// the reading of a control frame has failed or taken 5 s. A failure is for the
// session to judge and to close, which has the error; delay is told here, and
// ended by the sweep if the peer does not answer.
func (n *netConn) Close() error {
	switch {
	case n.client == nil: // never joined
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
