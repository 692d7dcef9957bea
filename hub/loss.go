package hub

// loss counts the messages that a jump leaves out.
type loss struct {
	missed  uint64
	atLeast bool // there are more, which nobody could count
}

func (l loss) isNone() bool { return l.missed == 0 && !l.atLeast }

// less returns the loss without n messages, which the client gets after all.
func (l loss) less(n int) loss {
	l.missed -= min(l.missed, uint64(n))
	return l
}

// between counts what a client would get from its place up to a start. Dropped messages
// count for a client without a filter, because slots are dense.
func (c *Client) between(at place, to Start) loss {
	l := loss{missed: uint64(len(at.ahead))}
	if c.lane.filter == nil {
		l.missed += to.slot - min(to.slot, at.slot)
		return l
	}
	tail := c.hub.ring.tail.Load()
	l.atLeast = at.slot < min(tail, to.slot)
	for slot := max(at.slot, tail); slot < to.slot; slot++ {
		if m := c.hub.ring.at(slot); m == nil {
			l.atLeast = true
		} else if c.lane.wants(m) {
			l.missed++
		}
	}
	return l
}

// addLossLocked makes a loss after a sequence part of the gap that the client will be
// told. conflated says that newer messages of the same keys come instead.
func (c *Client) addLossLocked(seq uint64, l loss, conflated bool) {
	if l.isNone() {
		return
	}
	c.state.gap.add(seq, l, conflated)
	c.state.due |= dueGap
	c.hub.tally.gaps.Add(1)
}
