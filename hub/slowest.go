package hub

import (
	"cmp"
	"slices"
	"time"
)

// ClientInfo is how one client stands.
type ClientInfo struct {
	Name     string  `json:"name"`
	Position string  `json:"position"`
	Behind   uint64  `json:"behind"`            // messages not wholly written
	Drainer  bool    `json:"drainer,omitempty"` // its socket is full
	Shared   bool    `json:"shared,omitempty"`  // it gets the frames of a stream that it shares with others
	Leaving  string  `json:"leaving,omitempty"` // why
	Silent   float64 `json:"silent_seconds"`    // since the last byte from it
}

// Slowest returns the n clients that are furthest behind, the slowest first.
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
	// The cursor of a filtered client that is kept up with lies behind, on
	// messages that it does not want.
	if cursor, head := c.cursor.Load(), h.ring.head.Load(); cursor <= head && (c.drainer || c.lane.filter == nil) {
		i.Behind = head + 1 - cursor
	}
	if c.state.leaving {
		i.Leaving = c.state.why.String()
	}
	return i
}
