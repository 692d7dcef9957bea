package hub

import (
	"cmp"
	"slices"
	"time"
)

// ClientInfo describes the state of one client.
type ClientInfo struct {
	Name     string  `json:"name"`
	Position string  `json:"position"`
	Behind   uint64  `json:"behind"`            // messages that are not written whole
	Drainer  bool    `json:"drainer,omitempty"` // its socket is full
	Shared   bool    `json:"shared,omitempty"`  // it gets the frames of a stream that clients share
	Leaving  string  `json:"leaving,omitempty"` // the reason
	Silent   float64 `json:"silent_seconds"`    // since the last byte from the client
}

// Slowest returns the n clients that are furthest behind, the slowest first. Any
// goroutine may call it.
func (h *Hub) Slowest(n int) []ClientInfo {
	h.mu.Lock()
	clients := slices.Clone(h.clients)
	h.mu.Unlock()
	infos := make([]ClientInfo, len(clients))
	for i, c := range clients {
		infos[i] = c.info()
	}
	slices.SortStableFunc(infos, func(a, b ClientInfo) int { return cmp.Compare(b.Behind, a.Behind) })
	return infos[:min(n, len(infos))]
}

func (c *Client) info() ClientInfo {
	h := c.hub
	c.mu.Lock()
	defer c.mu.Unlock()
	i := ClientInfo{
		Name:     c.name,
		Position: h.position(c.seq).String(),
		Drainer:  c.drainer,
		Shared:   c.streaming(),
		Silent:   time.Duration(h.clock.Load() - c.heard.Load()).Seconds(),
	}
	// A filtered client may have got everything that it wants while its cursor still
	// points at messages that it does not want.
	if cursor, head := c.cursor.Load(), h.ring.head.Load(); cursor <= head && (c.drainer || c.lane.filter == nil) {
		i.Behind = head + 1 - cursor
	}
	if c.state.leaving {
		i.Leaving = c.state.why.String()
	}
	return i
}
