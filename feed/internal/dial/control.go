package dial

import "fantail/hub/websocket"

// controls counts the control frames (RFC 6455 section 5.5) in the bytes that a client sends. The
// WebSocket library sends pings, pongs and the close frame by itself, and a source may count them
// like any other frame. One goroutine uses it.
type controls struct {
	head []byte // the part of the present frame's header that was seen
	body uint64 // bytes of the present frame that are still to come
}

// count returns how many control frames begin in p.
func (c *controls) count(p []byte) (n int) {
	for len(p) > 0 {
		if c.body > 0 {
			skip := min(c.body, uint64(len(p)))
			c.body -= skip
			p = p[skip:]
			continue
		}
		c.head, p = append(c.head, p[0]), p[1:]
		h, whole := websocket.ParseHeader(c.head)
		if !whole {
			continue
		}
		if h.IsControl() {
			n++
		}
		c.head, c.body = c.head[:0], h.Length
	}
	return n
}
