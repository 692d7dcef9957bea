package hub

import "errors"

// Lane decides the bytes a client gets: a format and a filter. Clients of one
// lane get the same bytes, so they share a lane and its batches. Lanes are
// interned: there is one for each pair, for as long as somebody uses it.
type Lane struct {
	format  Format
	filter  *Filter // nil passes everything
	notices bool    // the format has notices

	batches []batch // by pump, each owned by its pump: what most of the lane's clients lack

	users int // guarded by Hub.mu
}

type laneKey struct {
	format Format
	filter string
}

// ErrLanes tells that there are as many different lanes as there may be.
var ErrLanes = errors.New("hub: too many different filters in use")

// Lane returns the lane of a format and a filter, nil for everything. It is
// reserved for the caller, who gives it to Join once, or to Release.
func (h *Hub) Lane(f Format, filter *Filter) (*Lane, error) {
	key := laneKey{format: f}
	if filter != nil {
		key.filter = filter.text
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lanes[key]
	if l == nil {
		if len(h.lanes) >= h.maxLanes {
			return nil, ErrLanes
		}
		l = &Lane{format: f, filter: filter, notices: f.Notice(Notice{Kind: Heartbeat}) != nil, batches: make([]batch, len(h.pumps))}
		h.lanes[key] = l
		h.demand.add(filter)
	}
	l.users++
	return l, nil
}

// Release gives a lane back that was not given to Join.
func (h *Hub) Release(l *Lane) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.releaseLocked(l)
}

func (h *Hub) releaseLocked(l *Lane) {
	if l.users--; l.users > 0 {
		return
	}
	key := laneKey{format: l.format}
	if l.filter != nil {
		key.filter = l.filter.text
	}
	delete(h.lanes, key)
	h.demand.remove(l.filter)
}

// wants reports whether the lane's clients get a message.
func (l *Lane) wants(m *Message) bool { return l.filter.Match(m.key) }
