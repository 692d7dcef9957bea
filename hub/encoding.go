package hub

// encoding is a message in one format, made on first use and shared by all.
type encoding struct {
	format Format
	frame  []byte
	next   *encoding
}

const encodingOverhead = 64

// dropped is what a message's extra is once the message has left the ring: far
// below what encodings could add up to.
const dropped = -1 << 62

// encoded returns the message in a format. Two goroutines may encode at once;
// one result is kept. What is kept counts against the ring's bytes (I5).
func (m *Message) encoded(f Format, r *ring) []byte {
	for e := m.encodings.Load(); e != nil; e = e.next {
		if e.format == f {
			return e.frame
		}
	}
	frame := f.Encode(m)
	if m.isStored(frame) {
		return frame
	}
	e := &encoding{format: f, frame: frame}
	for {
		e.next = m.encodings.Load()
		for other := e.next; other != nil; other = other.next {
			if other.format == f {
				return other.frame
			}
		}
		if m.encodings.CompareAndSwap(e.next, e) {
			m.charge(r, len(frame)+encodingOverhead)
			return frame
		}
	}
}

// isStored reports whether frame is the one that the message was stored as.
func (m *Message) isStored(frame []byte) bool {
	return len(frame) == len(m.frame) && (len(frame) == 0 || &frame[0] == &m.frame[0])
}

// charge counts n bytes of encodings, unless the message was dropped meanwhile.
func (m *Message) charge(r *ring, n int) {
	if m.extra.Add(int64(n)) > 0 {
		r.extra.Add(int64(n))
	}
}

// discharge takes a dropped message's encodings off the ring's count. An
// encoder that comes later finds extra below zero and counts nothing.
func (m *Message) discharge(r *ring) { r.extra.Add(-m.extra.Swap(dropped)) }
