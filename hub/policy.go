package hub

// Policy says what happens to a client that breaks its bounds.
type Policy uint8

const (
	Evict    Policy = iota // the client is closed as Slow, with its position
	Skip                   // the client jumps to the head and is told the gap
	Conflate               // the client gets the newest message of each key instead of its backlog
)

// overrun acts on a client that broke its bounds or was lapped. A client that is
// leaving already can only be evicted.
func (c *Client) overrun() {
	_, leaving := c.Reason()
	switch {
	case !leaving && c.beginLater():
	case leaving || c.policy == Evict:
		c.Leave(Slow)
	case c.policy == Skip:
		c.skip()
	default:
		c.conflate()
	}
}

// beginLater moves a client that was to begin with the oldest message, or near it, and
// was lapped before it could. While the feed runs, the oldest message is gone by the
// time a handshake is over. It reports false if the client has begun, or was moved
// before.
func (c *Client) beginLater() bool {
	at := c.place()
	if at.slot != c.movableStart.Swap(0) || at.slot >= c.hub.ring.tail.Load() {
		return false
	}
	to := c.hub.ring.oldest(1)
	c.jump(at, to, nil, c.between(at, to))
	return true
}

func (c *Client) skip() {
	at, to := c.place(), c.hub.Live()
	c.jump(at, to, nil, c.between(at, to))
}

// conflate replaces the client's backlog by the newest message of each key. It does so
// again at the end of each prelude, until there is nothing to leave out.
func (c *Client) conflate() {
	at := c.place()
	from := at.slot
	if len(at.ahead) > 0 {
		from = at.ahead[0].slot
	}
	newest, to := c.hub.snapshot.newestFrom(from, c.lane.filter)
	left := c.between(at, to).less(len(newest))
	lapped := at.slot < c.hub.ring.tail.Load() // then only the snapshot has what the ring has dropped
	if !lapped && left.isNone() {
		c.conflating.Store(false)
		return
	}
	var by *prelude
	if len(newest) > 0 {
		by = &prelude{newest, to.seq}
	}
	c.conflating.Store(true)
	c.jump(at, to, by, left)
}
