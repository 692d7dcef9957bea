package feed

import (
	"fantail/feed/stage"
	"fantail/hub"
)

// copies recognises messages that another connection, of any of the sources, has brought before.
// One goroutine uses it.
type copies struct {
	ids    *stage.Identifier
	shares []*stage.Share // by source: its present connection; nil = none yet
	found  uint64
}

// begin begins a connection of a source, and counts its equal messages from zero. It does nothing
// for nil.
func (c *copies) begin(from int) {
	if c == nil {
		return
	}
	if old := c.shares[from]; old != nil {
		old.Leave()
	}
	c.shares[from] = c.ids.Join()
}

// copied reports whether a message was published before. If not, the caller publishes it now. It
// reports false for nil.
func (c *copies) copied(from int, in hub.Input) bool {
	if c == nil {
		return false
	}
	if c.shares[from] == nil {
		c.begin(from)
	}
	id, ok := c.ids.Of(&in)
	if !ok || !c.shares[from].Seen(id) {
		return false
	}
	c.found++
	return true
}
