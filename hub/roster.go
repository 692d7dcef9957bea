package hub

// roster holds a pump's clients by lane, and the lanes by the keys that they want. So a
// message costs a pass the clients that get it, and not all clients. Owned by the
// pump's goroutine.
type roster struct {
	groups []*group
	byLane map[*Lane]*group
	byKey  map[string][]*group // groups whose filter has exact keys alone
	asked  []*group            // groups without a filter, or with prefixes
	stream []*group            // groups of lanes with a stream, which the follower has marked
	due    []*group            // groups that are marked for this pass
}

// group is a pump's share of a lane's clients.
type group struct {
	lane         *Lane
	clients      []*Client // each client knows its index
	listed       int       // index in roster.groups
	start        int       // rotates, so that no client is always last
	due          bool      // the group is walked in this pass
	unwantedFrom uint64    // slot after the head when the group was last due, or was added: it wants nothing from there up to pump.skipTo
}

func newRoster() roster {
	return roster{byLane: make(map[*Lane]*group), byKey: make(map[string][]*group)}
}

// add takes a client in. Messages from slot from on will be marked.
func (r *roster) add(c *Client, from uint64) {
	g := r.byLane[c.lane]
	if g == nil {
		g = &group{lane: c.lane, unwantedFrom: from}
		r.addGroup(g)
	}
	c.group, c.index = g, len(g.clients)
	g.clients = append(g.clients, c)
}

// remove takes a client out. It does nothing if the client is not there.
func (r *roster) remove(c *Client) {
	if c.index < 0 {
		return
	}
	g := c.group
	last := len(g.clients) - 1
	g.clients[c.index] = g.clients[last]
	g.clients[c.index].index = c.index
	g.clients[last] = nil
	g.clients = g.clients[:last]
	c.group, c.index = nil, -1
	if last == 0 {
		r.removeGroup(g)
	}
}

// addGroup enters a new group.
func (r *roster) addGroup(g *group) {
	g.listed, r.groups, r.byLane[g.lane] = len(r.groups), append(r.groups, g), g
	switch {
	case g.lane.stream != nil:
		r.stream = append(r.stream, g)
		return
	case !g.lane.filter.isExact():
		r.asked = append(r.asked, g)
		return
	}
	for key := range g.lane.filter.exact {
		r.byKey[key] = append(r.byKey[key], g)
	}
}

// removeGroup forgets an empty group.
func (r *roster) removeGroup(g *group) {
	last := len(r.groups) - 1
	r.groups[g.listed] = r.groups[last]
	r.groups[g.listed].listed = g.listed
	r.groups[last] = nil
	r.groups = r.groups[:last]
	delete(r.byLane, g.lane)
	switch {
	case g.lane.stream != nil:
		r.stream = without(r.stream, g)
		return
	case !g.lane.filter.isExact():
		r.asked = without(r.asked, g)
		return
	}
	for key := range g.lane.filter.exact {
		if rest := without(r.byKey[key], g); len(rest) > 0 {
			r.byKey[key] = rest
		} else {
			delete(r.byKey, key)
		}
	}
}

// without removes g from groups, and does not keep their order.
func without(groups []*group, g *group) []*group {
	for i, other := range groups {
		if other == g {
			last := len(groups) - 1
			groups[i], groups[last] = groups[last], nil
			return groups[:last]
		}
	}
	return groups
}

// mark makes the groups due that want a message. It costs one map access, and a match
// for each group whose filter is not a set of keys.
func (r *roster) mark(m *Message) {
	for _, g := range r.byKey[m.key] {
		r.markGroup(g)
	}
	for _, g := range r.asked {
		if !g.due && g.lane.wants(m) {
			r.markGroup(g)
		}
	}
}

// markStreams makes the groups due whose stream has something new.
func (r *roster) markStreams() {
	for _, g := range r.stream {
		r.markGroup(g)
	}
}

func (r *roster) markAll() {
	for _, g := range r.groups {
		r.markGroup(g)
	}
}

func (r *roster) markGroup(g *group) {
	if !g.due {
		g.due = true
		r.due = append(r.due, g)
	}
}

// unmark ends a pass.
func (r *roster) unmark() {
	for _, g := range r.due {
		g.due = false
	}
	clear(r.due)
	r.due = r.due[:0]
}
