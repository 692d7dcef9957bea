package relay

import (
	"context"
	"errors"
	"io"
	"net"

	"golang.org/x/time/rate"

	"fantail/hub"
	"fantail/hub/websocket"
)

// lingerBytes bounds what is read and dropped after our close frame. A close with
// unread bytes would reset the connection and could destroy the frame.
const lingerBytes = 256 << 10

// session is the reading half of a WebSocket client. The library answers control frames
// while it waits for messages. The uplink's mode says what happens to a message.
type session struct {
	relay *Relay
	conn  *netConn
	ws    *websocket.Conn
	pace  *rate.Limiter // limits the client's messages; nil before its first, since most clients send none
}

func (s *session) socket() hub.Conn { return newSocket(s.conn.Conn, s.relay.sockets.UnsentLimit) }

func (s *session) abandon() { s.ws.CloseNow() }

// read runs until the connection ends: the peer closes it, or the hub does after it has
// told the client why. It always ends in CloseNow.
func (s *session) read(client *hub.Client) error {
	s.conn.client = client
	defer s.ws.CloseNow()
	err := s.messages()
	if why := s.leaveReason(err); why == hub.TooLarge {
		s.reject(why)
	} else {
		client.Leave(why)
	}
	s.linger()
	client.Close()
	return err
}

// messages reads until an error.
func (s *session) messages() error {
	for {
		if err := s.message(); err != nil {
			return err
		}
	}
}

// message reads one message (TestCompressedMessageCutShort,
// TestCloseInsideCompressedMessage).
func (s *session) message() error {
	// Never the request's context, which ended with the handler.
	kind, r, err := s.ws.Reader(context.Background())
	if err != nil {
		return err
	}
	s.conn.begin()
	err = s.take(kind, r)
	if why, ok := errors.AsType[rejectedMessage](err); ok {
		s.reject(hub.Reason(why))
		_, err = io.Copy(io.Discard, r) // and read on, for the peer's answer
	}
	s.conn.end()
	return err
}

// take handles a message as the uplink's mode says. It drops the messages of a client
// that is leaving.
func (s *session) take(kind hub.Kind, r io.Reader) error {
	u := s.relay.uplink
	_, leaving := s.conn.client.Reason()
	switch {
	case leaving:
	case u.mode == UplinkReject:
		return rejectedMessage(hub.Uplink)
	case u.mode == UplinkForward:
		return s.forward(kind, r)
	default:
		u.ignored.Add(1)
	}
	_, err := io.Copy(io.Discard, r)
	return err
}

// forward reads a message and has it sent to the source.
func (s *session) forward(kind hub.Kind, r io.Reader) error {
	u := s.relay.uplink
	if s.pace == nil && u.rate > 0 {
		s.pace = rate.NewLimiter(u.rate, u.burst)
	}
	if s.pace != nil && !s.pace.Allow() {
		return rejectedMessage(hub.Flood)
	}
	b := buffer{of: u}
	defer b.release()
	if err := b.fill(r); err != nil {
		return err
	}
	s.conn.end()
	return u.send(kind, b.bytes())
}

// reject tells the client why its message is not taken. No later message is taken
// either.
func (s *session) reject(why hub.Reason) {
	if _, leaving := s.conn.client.Reason(); !leaving {
		s.relay.uplink.rejected[why].Add(1)
	}
	s.conn.client.Leave(why)
}

// leaveReason returns why reading ended. A broken connection is Left. A broken limit or
// rule is the client's fault, and a panic of the library counts as a broken rule.
func (s *session) leaveReason(err error) hub.Reason {
	switch {
	case s.conn.readErr != nil && !s.conn.flooded():
		return hub.Left
	case s.conn.readErr != nil, errors.Is(err, net.ErrClosed): // the library ends a slow control frame
		return hub.Flood
	}
	if code, ok := websocket.FrameCloseCode(s.conn.closing); ok && code == 1009 {
		return hub.TooLarge
	}
	return hub.Protocol
}

// linger reads and drops what the peer still sends, without the library, until the peer
// closes or the sweep does so after a second.
func (s *session) linger() {
	if s.conn.readErr != nil && !s.conn.flooded() {
		return
	}
	s.conn.end()
	io.CopyN(io.Discard, s.conn.Conn, lingerBytes)
}
