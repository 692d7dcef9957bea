package hub

// wire is what is being written to a connection besides whole messages: the rest of a
// cut frame, what waits for a frame boundary, and how the connection ends.
//
//	open ──Leave──▶ leaving ──boundary──▶ close frame ──▶ closeSent ──▶ closed
//	  └───────────────────────── Close, write error ──────────────────────▲
type wire struct {
	rest     []byte // of the frame that was cut; a slice of an immutable frame
	kind     frameKind
	seq      uint64 // sequence of the message that was cut, if the frame is one
	due      due    // notices that wait for a boundary
	gap      gap    // what dueGap tells
	control  []byte // the newest control frame that waits for a boundary
	farewell []byte // the close frame, if it is not the format's

	leaving   bool
	closeSent bool // nothing is written any more, neither data nor control frames
	broken    bool // a write failed; the sweep closes the connection
	why       Reason
	until     uint64 // slot of the last message that the client gets before the close frame
}

type frameKind uint8

const (
	dataFrame    frameKind = iota // the message at the cursor
	preludeFrame                  // the prelude's first message
	strayFrame                    // a message that the client has jumped away from
	controlFrame
	closeFrame
)

// advancePreludeLocked takes n messages off the prelude. At its end the client stands
// at its cursor; if that is after the head, it has caught up.
func (c *Client) advancePreludeLocked(n int) {
	d := c.prelude.Load()
	if n == len(d.messages) {
		c.seq = d.end
		c.prelude.Store(nil)
		if c.cursor.Load() > c.lane.head(&c.hub.ring) {
			c.conflating.Store(false)
		}
	} else if n > 0 {
		c.prelude.Store(&prelude{d.messages[n:], d.end})
	}
	c.steps.Add(1)
}

// settleLocked finishes a cut frame and then sends what waits for the boundary. It
// returns wrote when the client is at a boundary and may get data.
func (c *Client) settleLocked() outcome {
	s := &c.state
	for {
		if c.closed || s.broken {
			return over
		}
		if s.rest == nil && !c.nextFrameLocked() {
			break
		}
		n, err := c.conn.TryWrite(s.rest)
		c.hub.tally.add(0, n, 1)
		if n > 0 {
			c.steps.Add(1)
		}
		if err != nil {
			return c.brokenLocked()
		}
		if n < len(s.rest) {
			s.rest = s.rest[n:]
			return full
		}
		c.frameDoneLocked()
	}
	if s.closeSent {
		return over
	}
	c.special = s.leaving
	return wrote
}

// nextFrameLocked picks the frame that goes out at this boundary: a notice, the
// close frame when its time has come, a control frame, or none.
func (c *Client) nextFrameLocked() bool {
	s := &c.state
	switch {
	case s.closeSent:
		return false
	case s.due != 0:
		s.rest, s.kind = c.noticeFrameLocked(), controlFrame
	case s.leaving && c.owedNothingLocked():
		s.rest, s.kind = c.closeFrameLocked(), closeFrame
		if c.deadline.Load() == 0 { // a patient leave: the frame may wait as long as data may
			c.deadline.Store(c.hub.clock.Load() + int64(c.hub.queue.Stall))
		}
		if s.rest == nil { // a transport without close frames
			c.frameDoneLocked()
			return false
		}
	case s.control != nil:
		s.rest, s.kind, s.control = s.control, controlFrame, nil
	default:
		return false
	}
	return true
}

// owedNothingLocked reports whether a leaving client has had everything that it gets
// before the close frame.
func (c *Client) owedNothingLocked() bool {
	return c.state.until == 0 || c.cursor.Load() > c.state.until && c.prelude.Load() == nil
}

func (c *Client) closeFrameLocked() []byte {
	s := &c.state
	if s.farewell != nil {
		return s.farewell
	}
	if s.why == Gone {
		return c.lane.format.Close(s.why, c.hub.Oldest())
	}
	return c.lane.format.Close(s.why, c.hub.position(c.seq))
}

func (c *Client) frameDoneLocked() {
	s := &c.state
	s.rest = nil
	c.spoke = true
	switch s.kind {
	case dataFrame:
		c.hub.tally.add(1, 0, 0)
		c.seq = s.seq
		c.cursor.Store(max(c.cursor.Load()+1, c.skipTo))
	case preludeFrame:
		c.hub.tally.add(1, 0, 0)
		c.seq = s.seq
		c.advancePreludeLocked(1)
	case strayFrame:
		c.hub.tally.add(1, 0, 0)
		c.seq = max(c.seq, s.seq)
	case closeFrame:
		s.closeSent, s.control = true, nil
		c.deadline.Store(c.hub.clock.Load() + int64(linger))
	}
}

// brokenLocked leaves the closing to the sweep: net.Conn.Close must not be called with
// the lock held, and a pump calls nothing that could block.
func (c *Client) brokenLocked() outcome {
	c.state.broken, c.special = true, true
	c.deadline.Store(1)
	return over
}
