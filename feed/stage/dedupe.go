package stage

import (
	"hash/maphash"
	"maps"
	"slices"
)

// maxIdentities is how many published messages a dedupe remembers: half a
// minute of a feed of 2,000 messages a second.
const maxIdentities = 1 << 16

// Identity is what two copies of a message have in common: a hash of the bytes
// that name it, whose seed is the dedupe's. That two messages have the same one
// by chance happens once in 10^14 messages.
type Identity uint64

// dedupe recognises a message that was published before. It remembers the last
// messages that were published, and forgets the oldest first. One goroutine.
//
// There are two ways, since a name and a likeness are not the same:
//
//   - named: an identity belongs to one message, so that it is a copy whenever it
//     comes again.
//   - not named: equal messages of one connection are two messages, as two equal
//     trades are. The n-th of a connection is a copy of the n-th that another
//     connection brought, if there was one. What came before the connection
//     joined counts only until it brings its first message that is no copy: a
//     source begins with what it repeats.
type dedupe struct {
	named bool
	most  int // messages remembered
	seed  maphash.Seed

	order  []Identity         // of the messages remembered, a ring once it is full
	next   int                // in order: the oldest, where the next one goes
	count  map[Identity]int32 // how often each stands in order
	shares []*Share           // the connections that have joined; only if not named
}

// newDedupe returns a dedupe that remembers the given number of messages, above 0.
func newDedupe(named bool, most int) *dedupe {
	return &dedupe{named: named, most: most, seed: maphash.MakeSeed(), count: map[Identity]int32{}}
}

// identify returns the identity of what names a message, or of the message.
func (d *dedupe) identify(name []byte) Identity { return Identity(maphash.Bytes(d.seed, name)) }

// Join begins a connection. Its leave ends it, so that the number of lines is
// that of the connections open at once.
func (d *dedupe) Join() *Share {
	l := &Share{dedupe: d, count: map[Identity]int32{}}
	if !d.named {
		l.before = maps.Clone(d.count)
		d.shares = append(d.shares, l)
	}
	return l
}

// Share is one connection's share of a dedupe.
type Share struct {
	dedupe *dedupe
	count  map[Identity]int32 // how often each came over it, of those remembered
	before map[Identity]int32 // dedupe.count when it joined, of those remembered; nil = counts no more
}

// Copies reports whether a message would be seen, and changes nothing.
func (l *Share) Copies(id Identity) bool {
	if l.dedupe.named {
		return l.dedupe.count[id] > 0
	}
	return l.count[id] < l.dedupe.count[id]
}

// Settle ends the time in which the connection may repeat what was published
// before it joined.
func (l *Share) Settle() {
	for id, n := range l.before {
		l.count[id] = max(l.count[id], n)
	}
	l.before = nil
}

// Seen reports whether the line's next message is a copy of one that was
// published. One that is not is remembered, as it is to be published now.
func (l *Share) Seen(id Identity) bool {
	d := l.dedupe
	if d.named {
		if d.count[id] > 0 {
			return true
		}
		d.remember(id)
		return false
	}
	copied := l.Copies(id)
	if !copied {
		l.Settle()
		d.remember(id)
	}
	l.count[id]++
	return copied
}

// Leave ends the line; its seen is not called again. Leaving twice does nothing.
func (l *Share) Leave() {
	d := l.dedupe
	d.shares = slices.DeleteFunc(d.shares, func(other *Share) bool { return other == l })
}

// remember takes a message in, in the place of the oldest if there is no room.
func (d *dedupe) remember(id Identity) {
	if len(d.order) < d.most {
		d.order = append(d.order, id)
	} else {
		d.forget(d.order[d.next])
		d.order[d.next] = id
		d.next = (d.next + 1) % d.most
	}
	d.count[id]++
}

// forget takes the oldest message of that identity away: for a connection that
// brought it the second of its kind becomes the first.
func (d *dedupe) forget(id Identity) {
	decrement(d.count, id)
	for _, l := range d.shares {
		decrement(l.count, id)
		decrement(l.before, id)
	}
}

// decrement takes one away, and the entry with the last.
func decrement(count map[Identity]int32, id Identity) {
	if n, ok := count[id]; ok && n > 1 {
		count[id] = n - 1
	} else {
		delete(count, id)
	}
}
