package feed

import "fantail/hub"

// copies recognises what another connection, of any of several sources, has
// brought before. One goroutine.
type copies struct {
	ids   *identifier
	lines []*line // by source: its present connection; nil = none yet
	found uint64
}

// begin begins a connection of a source, whose equal messages are counted anew. A
// nil copies does nothing.
func (c *copies) begin(from int) {
	if c == nil {
		return
	}
	if old := c.lines[from]; old != nil {
		old.leave()
	}
	c.lines[from] = c.ids.join()
}

// copied reports whether a message of a source, which is to be published if not,
// was published before. To a nil copies nothing was.
func (c *copies) copied(from int, in hub.Input) bool {
	if c == nil {
		return false
	}
	if c.lines[from] == nil {
		c.begin(from)
	}
	id, ok := c.ids.of(&in)
	if !ok || !c.lines[from].seen(id) {
		return false
	}
	c.found++
	return true
}
