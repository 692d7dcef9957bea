package hub

// Codec makes streams. Codecs are compared, so a Codec is a pointer to something
// that is not of size zero.
type Codec interface {
	// NewStream returns a stream at its beginning. The hub calls it for each
	// follower, from the follower's goroutine, at the first message.
	NewStream() Stream
}

// Stream turns messages into frames that depend on the frames before them, back to the
// last Reset. permessage-deflate with context takeover is a Stream. One goroutine uses
// it.
type Stream interface {
	// Reset forgets everything before: the next frame begins an epoch.
	Reset()
	// Encode returns m's frame, and by how many bytes it is shorter than the frame of
	// the lane's format. The hub keeps the frame, so it must not change any more. A nil
	// frame says that m is not part of the stream: every client gets the format's own
	// frame, and the frames after it do not depend on m.
	Encode(m *Message) (frame []byte, saved int)
}

// beginAt notes the slot from which on a client gets every message of its lane. From a
// stream it gets the epochs that begin there or later.
func (c *Client) beginAt(slot uint64) {
	if c.lane.stream != nil {
		c.lane.stream.arrivals.Add(1)
		c.fallOff(slot)
	}
}

// fallOff notes that a client has just got, or is getting, a message before a slot that
// has no place in its stream.
func (c *Client) fallOff(slot uint64) {
	c.streamFrom.Store(slot)
	c.lane.stream.await(slot)
}

// streaming reports whether the client's last message went, or would have gone, as a
// frame of its lane's stream.
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
