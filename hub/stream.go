package hub

// Codec makes streams. Codecs are compared, so a Codec is a pointer to something
// that is not of size zero.
type Codec interface {
	// NewStream returns a stream at its beginning. The hub calls it for each
	// follower, from the follower's goroutine, at the first message.
	NewStream() Stream
}

// Stream turns messages into frames that depend on the frames before them, back
// to the last Reset: permessage-deflate with context takeover is one. One
// goroutine uses it.
type Stream interface {
	// Reset forgets what came before: the next frame begins an epoch.
	Reset()
	// Encode returns m's frame, which is kept and must not change any more, and by
	// how many bytes it is shorter than the frame of the lane's format. A nil frame
	// says that m is not of the stream: everybody gets the format's own, and the
	// frames behind do not depend on it.
	Encode(m *Message) (frame []byte, saved int)
}

// beginAt notes the slot from which on a client gets every message of its lane:
// of a stream it gets the epochs that begin there or later.
func (c *Client) beginAt(slot uint64) {
	if c.lane.stream != nil {
		c.lane.stream.arrivals.Add(1)
		c.fallOff(slot)
	}
}

// fallOff notes that a client has just got, or is getting, a message before a slot
// that its stream has no place for.
func (c *Client) fallOff(slot uint64) {
	c.streamFrom.Store(slot)
	c.lane.stream.await(slot)
}

// streaming reports whether the last message that the client got went, or would
// have gone, as a frame of its lane's stream.
func (c *Client) streaming() bool {
	f := c.lane.stream
	if f == nil {
		return false
	}
	m := c.hub.ring.at(c.cursor.Load() - 1)
	if m == nil {
		return false
	}
	e := m.streamed(f)
	return e != nil && e.epoch >= c.streamFrom.Load()
}
