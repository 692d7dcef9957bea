package relay

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// lingerBytes bounds what is read and thrown away after our close frame: a close
// with unread bytes would reset the connection and could destroy the frame.
const lingerBytes = 256 << 10

// session is the reading half of a client: the library answers control frames
// while it waits for messages, which the uplink's mode disposes of.
type session struct {
	relay *Relay
	conn  *netConn
	ws    *websocket.Conn
	seat  netip.Prefix
}

// read runs until the connection is at its end: closed by the peer, or by the
// hub once it has told the client why. It always ends in CloseNow.
func (s *session) read() {
	client := s.conn.client
	defer s.relay.seats.leave(s.seat)
	defer s.ws.CloseNow()
	err := s.messages()
	client.Leave(s.blame())
	s.linger()
	client.Close()
	why, _ := client.Reason()
	s.relay.logLeave(client, why, err)
}

// messages reads until an error.
func (s *session) messages() error {
	for {
		// Never the request's context: its life ended with the handler.
		_, r, err := s.ws.Reader(context.Background())
		if err != nil {
			return err
		}
		if s.relay.cfg.Uplink == UplinkReject {
			s.conn.client.Leave(hub.Uplink) // and read on, for the peer's answer
		}
		s.conn.began = time.Now()
		if _, err := io.Copy(io.Discard, r); err != nil {
			return err
		}
		s.conn.began = time.Time{}
	}
}

// blame tells who ended the reading: a broken connection is Left, a broken
// limit or rule is the client's doing.
func (s *session) blame() hub.Reason {
	switch err := s.conn.readErr; {
	case errors.Is(err, errFlood), errors.Is(err, errSlowWrite):
		return hub.Flood
	case err != nil:
		return hub.Left
	}
	if code, ok := websocket.FrameCloseCode(s.conn.closing); ok && code == 1009 {
		return hub.TooLarge
	}
	return hub.Protocol
}

// linger reads and drops what the peer still sends, past the library, until the
// peer closes or the sweep does so after a second.
func (s *session) linger() {
	if s.conn.readErr != nil && !errors.Is(s.conn.readErr, errFlood) && !errors.Is(s.conn.readErr, errSlowWrite) {
		return
	}
	io.CopyN(io.Discard, s.conn.Conn, lingerBytes)
}

// logLeave writes one line for a client that is gone: at info when the relay
// sent it away, at debug when it went.
func (r *Relay) logLeave(c *hub.Client, why hub.Reason, err error) {
	e := r.log.Debug()
	if why == hub.Slow || why == hub.Silent {
		e = r.leaveLog.Info()
	}
	e.Str("client", c.Name()).Stringer("reason", why).Stringer("position", c.Position()).AnErr("read", err).Msg("client left")
}
