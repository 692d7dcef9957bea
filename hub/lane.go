package hub

import "errors"

// Lane decides which bytes a client gets: a format and a filter. The clients of one
// lane get the same bytes, so they share its batches. Lanes are interned: there is one
// lane for each pair, as long as it is in use.
type Lane struct {
	format  Format
	filter  *Filter   // nil lets everything pass
	notices bool      // the format has notices
	stream  *follower // makes the frames of the lane's stream; nil if it has none

	batches []batch // what most of the lane's clients lack, by pump; each pump owns its own

	users int // guarded by Hub.mu
}

type laneKey struct {
	format Format
	filter string
	codec  Codec
}

// ErrLanes says that the hub has as many different lanes as it may have.
var ErrLanes = errors.New("hub: too many different filters in use")

// Lane returns the lane of a format and a filter, nil for everything. It reserves the
// lane for the caller, who gives it to Join or to Release, once. Its error is ErrLanes.
// Any goroutine may call it.
func (h *Hub) Lane(f Format, filter *Filter) (*Lane, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.internLocked(&Lane{format: f, filter: filter}, nil)
}

// StreamLane returns the lane of everything in a format. Clients that have a stream
// from the beginning of an epoch get messages as the stream's frames; the others get
// the format's own frames. It is reserved as by Lane.
func (h *Hub) StreamLane(f Format, c Codec) (*Lane, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.internLocked(&Lane{format: f}, c)
}

// internLocked returns the lane that equals l, or makes l that lane.
func (h *Hub) internLocked(l *Lane, c Codec) (*Lane, error) {
	key := l.key(c)
	if there := h.lanes[key]; there != nil {
		there.use(1)
		return there, nil
	}
	if len(h.lanes) >= h.maxLanes {
		return nil, ErrLanes
	}
	l.notices, l.batches = l.format.Notice(Notice{Kind: Heartbeat}) != nil, make([]batch, len(h.pumps))
	if c != nil {
		l.stream = h.followLocked(c)
	}
	l.use(1)
	h.lanes[key] = l
	h.demand.add(l.filter)
	return l, nil
}

// use counts the lane's users. Hub.mu is held.
func (l *Lane) use(n int) {
	l.users += n
	if l.stream != nil {
		l.stream.users.Store(int64(l.users))
	}
}

func (l *Lane) key(c Codec) laneKey {
	key := laneKey{format: l.format, codec: c}
	if l.filter != nil {
		key.filter = l.filter.text
	}
	return key
}

// Release gives back a lane that was not given to Join.
func (h *Hub) Release(l *Lane) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.releaseLocked(l)
}

func (h *Hub) releaseLocked(l *Lane) {
	if l.use(-1); l.users > 0 {
		return
	}
	var c Codec
	if l.stream != nil {
		c = l.stream.codec
		h.unfollowLocked(l.stream)
	}
	delete(h.lanes, l.key(c))
	h.demand.remove(l.filter)
}

// streamFrame returns a message for a client of a lane with a stream that has got
// everything from slot streamFrom on. It also returns how many bytes the stream saved,
// and whether the message has no place in the stream: it never had one, or the ring has
// stripped it.
func (l *Lane) streamFrame(m *Message, streamFrom uint64, r *ring) (frame []byte, saved int, off bool) {
	e := m.streamed(l.stream)
	if e != nil && e.frame != nil && e.epoch >= streamFrom {
		return e.frame, e.saved, false
	}
	return m.encoded(l.format, r), 0, e == nil
}

// head returns the slot up to which the lane's clients may get messages.
func (l *Lane) head(r *ring) uint64 {
	if l.stream != nil {
		return l.stream.head.Load()
	}
	return r.head.Load()
}

// wants reports whether the lane's clients get a message.
func (l *Lane) wants(m *Message) bool { return l.filter.Match(m.key) }
