package hub

// encoding is a message in one format, made on first use and shared by all; or
// its frame in a stream, which only the stream's follower makes.
type encoding struct {
	format Format // nil of a stream's
	frame  []byte
	next   *encoding

	// Of a stream's: frame is nil where the message goes as the lane's format has
	// it, to everybody.
	stream *follower
	epoch  uint64 // slot of the first message of its epoch
	saved  int    // bytes that the frame is shorter than the format's
}

const encodingOverhead = 64

// stripped is what a message's extra is once it keeps no encodings any more: far
// below what they could add up to.
const stripped = -1 << 62

// encoded returns the message in a format. Two goroutines may encode at once; at
// most one result is kept, if the message may keep any and there is room (I5).
func (m *Message) encoded(f Format, r *ring) []byte {
	for e := m.encodings.Load(); e != nil; e = e.next {
		if e.format == f {
			return e.frame
		}
	}
	if c, ok := f.(Costly); ok && m.extra.Load() < 0 { // it would be encoded again and again
		return c.Plain().Encode(m)
	}
	frame := f.Encode(m)
	if m.isStored(frame) && !costs(f, m) || !m.charge(r, m.cost(frame)) {
		return frame
	}
	return m.keep(&encoding{format: f, frame: frame}, r)
}

// keep adds an encoding that was charged, unless another of its format is there,
// and returns the frame of the one that is.
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
	if m.extra.Load() < 0 { // stripped since it was charged
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

// attach keeps a stream's encoding, of which there is one: a stream has one
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
	if m.extra.Load() < 0 { // stripped since it was charged
		m.encodings.Store(nil)
	}
	return true
}

// isStored reports whether frame is the one that the message was stored as.
func (m *Message) isStored(frame []byte) bool {
	return len(frame) == len(m.frame) && (len(frame) == 0 || &frame[0] == &m.frame[0])
}

// costs reports whether it takes long to find out what m is in a format.
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

// charge reserves n bytes for an encoding. It reports false if there is no room,
// or if the message keeps none any more.
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

// refund takes back a charge, unless strip has done so.
func (m *Message) refund(r *ring, n int) {
	if m.extra.Add(-int64(n)) >= 0 {
		r.extra.Add(-int64(n))
	}
}

// strip takes a message's encodings from it and off the ring's count, for good:
// whoever encodes it from now on keeps nothing. The publisher calls it, once.
func (m *Message) strip(r *ring) {
	r.extra.Add(-m.extra.Swap(stripped))
	m.encodings.Store(nil)
}
