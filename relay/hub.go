package relay

import "fantail/hub"

// Hub is a hub that stores each message as the frame that a raw WebSocket gets.
// Only NewHub makes one, so that a relay cannot be given a hub whose messages are
// stored as anything else. Its methods are those of hub.Hub.
type Hub struct{ *frameHub }

// frameHub hides the field: a Hub cannot be put together elsewhere.
type frameHub = hub.Hub

// NewHub starts a hub for a relay, as hub.New does. The header of its frames is the
// relay's, and the one of c is ignored.
func NewHub(c hub.Config) *Hub {
	c.Header = frameHeader
	return &Hub{hub.New(c)}
}

// Hub returns the hub itself, for code that knows no relay.
func (h *Hub) Hub() *hub.Hub { return h.frameHub }
