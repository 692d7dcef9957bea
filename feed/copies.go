package feed

import (
	"fantail/feed/stage"
	"fantail/hub"
)

// copies recognises what another connection, of any of several sources, has
// brought before. One goroutine.
type copies struct {
	ids    *stage.Identifier
	shares []*stage.Share // by source: its present connection; nil = none yet
	found  uint64
}

// begin begins a connection of a source, whose equal messages are counted anew. A
// nil copies does nothing.
func (c *copies) begin(from int) {
	if c == nil {
		return
	}
	if old := c.shares[from]; old != nil {
		old.Leave()
	}
	c.shares[from] = c.ids.Join()
}

// copied reports whether a message of a source, which is to be published if not,
// was published before. To a nil copies nothing was.
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
