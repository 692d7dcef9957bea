package hub

import "time"

// readerTakes is more bytes than a peer takes after it has stopped reading: what the
// kernel holds unsent here, and a window there that opens no further. Only a peer whose
// receive buffer had grown large takes more.
const readerTakes = 512 << 10

// keepAlive pings a client that has been silent for PingInterval, and gives it up
// PongTimeout later. Any byte from the client is a sign of life. So is that it took
// readerTakes bytes meanwhile, since there are clients that read everything and answer
// no ping (TestSilentReader). A client with a large buffer gains a few PingIntervals by
// that, until the buffer is full.
func (h *Hub) keepAlive(c *Client, now int64) {
	if h.liveness.PingInterval <= 0 {
		return
	}
	heard, w := c.heard.Load(), &c.sweep
	switch silence := time.Duration(now - heard); {
	case silence < h.liveness.PingInterval:
	case w.pinged <= heard:
		if ping := c.lane.format.Ping(); ping != nil {
			w.pinged, w.taken = now, h.taken(c, neverTaken)
			c.Control(ping)
		}
	case h.taken(c, 0) >= w.taken+readerTakes:
		c.Heard()
	case time.Duration(now-w.pinged) >= h.liveness.PongTimeout:
		c.Leave(Silent)
	}
}

const neverTaken = 1 << 62

// taken returns the bytes of the feed up to the client's cursor. It returns unknown if
// the cursor may move although the client took nothing.
func (h *Hub) taken(c *Client, unknown uint64) uint64 {
	if c.policy == Evict && c.lane.filter == nil {
		if m := h.ring.at(c.cursor.Load() - 1); m != nil {
			return m.total
		}
	}
	return unknown
}
