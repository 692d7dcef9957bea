package relay

import (
	"net/http"

	"fantail/hub"
)

// serveClient is the road that every client walks, from its request to the goroutine
// that reads its connection. A refusal leaves it at any step, and is answered here.
func (r *Relay) serveClient(w http.ResponseWriter, req *http.Request, t transport) {
	if refused := r.walk(w, req, t); refused != nil {
		r.refuseHTTP(w, req, refused)
	}
}

// walk takes the steps of the road, each once: the cheap questions come first, and
// the reservation is given back at one place if the client does not join.
func (r *Relay) walk(w http.ResponseWriter, req *http.Request, t transport) *refusal {
	ask, refused := r.parse(req, t)
	if refused != nil {
		return refused
	}
	// Here the road asks who the client is, once package access can tell.
	g, refused := r.rules.decide(ask)
	if refused != nil {
		return refused
	}
	held, refused := r.reserve(req.Context(), g)
	defer held.release()
	if refused != nil {
		return refused
	}
	start, refused := r.awaitStart(req.Context(), g.query, held.lane)
	if refused != nil {
		return refused
	}
	conn, refused := t.takeOver(w, req, g, r.hub.At(start))
	if refused != nil {
		return refused
	}
	socket := conn.socket()
	c, err := held.join(socket, g, start)
	if err != nil { // the hub is closed, and the client's connection with it
		socket.Close(false)
		conn.abandon()
		return nil
	}
	go r.read(conn, c, held.handOn()) // a fresh, small stack; ends when the connection is closed, which the hub sees to
	return nil
}

// connection is a client's connection, taken over from the HTTP server.
type connection interface {
	// socket returns what the hub writes to. It is called once.
	socket() hub.Conn
	// read reads until the connection is at its end, tells the hub why, and closes
	// the client. It returns why reading ended, for the log.
	read(c *hub.Client) error
	// abandon ends the reading half of a connection whose socket was closed, because
	// nobody joined with it.
	abandon()
}

// read is a client's goroutine, from its join until it is gone.
func (r *Relay) read(conn connection, c *hub.Client, held reservation) {
	defer held.release()
	err := conn.read(c)
	why, _ := c.Reason()
	r.logLeave(c, why, err)
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
