package relay

import (
	"net/http"

	"fantail/hub"
)

// serveClient is the road of every client, from its request to the goroutine that reads
// its connection:
//
//	parse → decide → reserve → awaitStart → takeOver → join → read
//
// Any step up to takeOver may refuse the client; the refusal is answered here.
func (r *Relay) serveClient(w http.ResponseWriter, req *http.Request, t transport) {
	if refused := r.walk(w, req, t); refused != nil {
		r.refuseHTTP(w, req, refused)
	}
}

// walk takes the steps of the road, each once, and the cheap ones first. If the client
// does not join, its reservation is given back in one place.
func (r *Relay) walk(w http.ResponseWriter, req *http.Request, t transport) *refusal {
	ask, refused := r.parse(req, t)
	if refused != nil {
		return refused
	}
	// Package access will ask here who the client is.
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
	if err != nil { // the hub is closed
		socket.Close(false)
		conn.abandon()
		return nil
	}
	go r.read(conn, c, held.handOn()) // a fresh, small stack; ends when the connection is closed, which the hub does
	return nil
}

// connection is a client's connection, taken over from the HTTP server.
type connection interface {
	// socket returns what the hub writes to. It is called once.
	socket() hub.Conn
	// read reads until the connection ends, tells the hub the reason, and closes the
	// client. Its error is why reading ended, for the log.
	read(c *hub.Client) error
	// abandon ends the reading half of a connection that no client joined with. The
	// socket was closed before.
	abandon()
}

// read is a client's goroutine, from its join until it is gone.
func (r *Relay) read(conn connection, c *hub.Client, held reservation) {
	defer held.release()
	err := conn.read(c)
	why, _ := c.Reason()
	r.logLeave(c, why, err)
}

// logLeave logs one line for a client that is gone: at info if the relay closed it for
// being slow or silent, otherwise at debug.
func (r *Relay) logLeave(c *hub.Client, why hub.Reason, err error) {
	e := r.log.Debug()
	if why == hub.Slow || why == hub.Silent {
		e = r.leaveLog.Info()
	}
	e.Str("client", c.Name()).Stringer("reason", why).Stringer("position", c.Position()).AnErr("read", err).Msg("a client has left")
}
