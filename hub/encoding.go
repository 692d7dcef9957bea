package hub

// encoding is a message in one format, made on first use and shared by all. Or it is
// the message's frame in a stream, which only the stream's follower makes.
type encoding struct {
	format Format // nil for a frame of a stream
	frame  []byte
	next   *encoding

	// For a frame of a stream. frame is nil if every client gets the message as the
	// lane's format has it.
	stream *follower
	epoch  uint64 // slot of the first message of the frame's epoch
	saved  int    // bytes that the frame is shorter than the format's
}

const encodingOverhead = 64

// stripped is the value of a message's extra once the message keeps no encodings any
// more. It is far below anything that encodings could add up to.
const stripped = -1 << 62

// encoded returns the message in a format. Two goroutines may encode at once; at most
// one result is kept, if the message may keep any and there is room (I5).
func (m *Message) encoded(f Format, r *ring) []byte {
	for e := m.encodings.Load(); e != nil; e = e.next {
		if e.format == f {
			return e.frame
		}
	}
	if c, ok := f.(Costly); ok && m.extra.Load() < 0 { // otherwise it would be encoded again and again
		return c.Plain().Encode(m)
	}
	frame := f.Encode(m)
	if m.isStored(frame) && !costs(f, m) || !m.charge(r, m.cost(frame)) {
		return frame
	}
	return m.keep(&encoding{format: f, frame: frame}, r)
}

// keep adds an encoding that was charged, unless the message has one of the same
// format. It returns the frame of the one that the message has then.
func (m *Message) keep(e *encoding, r *ring) []byte {
	for {
		e.next = m.encodings.Load()
		for other := e.next; other != nil; other = other.next {
			if other.format == e.format {
				m.refund(r, m.cost(e.frame))
				return other.frame
			}
		}
		if m.encodings.CompareAndSwap(e.next, e) {
			break
		}
	}
	if m.extra.Load() < 0 { // the message was stripped after the charge
		m.encodings.Store(nil)
	}
	return e.frame
}

// streamed returns the message's place in a stream, nil if it has none.
func (m *Message) streamed(f *follower) *encoding {
	for e := m.encodings.Load(); e != nil; e = e.next {
		if e.stream == f {
			return e
		}
	}
	return nil
}

// attach keeps the encoding of a stream. There is only one, because a stream has one
// follower. It reports false if there is no room.
func (m *Message) attach(e *encoding, r *ring) bool {
	if !m.charge(r, len(e.frame)+encodingOverhead) {
		return false
	}
	for {
		e.next = m.encodings.Load()
		if m.encodings.CompareAndSwap(e.next, e) {
			break
		}
	}
	if m.extra.Load() < 0 { // the message was stripped after the charge
		m.encodings.Store(nil)
	}
	return true
}

// isStored reports whether frame is the one that the message is stored as.
func (m *Message) isStored(frame []byte) bool {
	return len(frame) == len(m.frame) && (len(frame) == 0 || &frame[0] == &m.frame[0])
}

// costs reports whether encoding m in a format takes long.
func costs(f Format, m *Message) bool {
	c, ok := f.(Costly)
	return ok && c.Costs(m)
}

// cost is what an encoding counts. The stored frame counts with the message.
func (m *Message) cost(frame []byte) int {
	if m.isStored(frame) {
		return encodingOverhead
	}
	return len(frame) + encodingOverhead
}

// charge reserves n bytes for an encoding. It reports false if there is no room, or if
// the message keeps no encodings any more.
func (m *Message) charge(r *ring, n int) bool {
	if m.extra.Load() < 0 {
		return false
	}
	if r.extra.Add(int64(n)) > r.maxExtra {
		r.extra.Add(-int64(n))
		return false
	}
	if m.extra.Add(int64(n)) < 0 {
		r.extra.Add(-int64(n))
		return false
	}
	return true
}

// refund takes a charge back, unless strip has done so.
func (m *Message) refund(r *ring, n int) {
	if m.extra.Add(-int64(n)) >= 0 {
		r.extra.Add(-int64(n))
	}
}

// strip takes a message's encodings away for good, and off the ring's count. A result
// that is encoded later is not kept. The publisher calls it, once.
func (m *Message) strip(r *ring) {
	r.extra.Add(-m.extra.Swap(stripped))
	m.encodings.Store(nil)
}
