package stage

import (
	"hash/maphash"
	"maps"
	"slices"
)

// maxIdentities is how many published messages a dedupe remembers. A feed of 2,000
// messages a second publishes as many in half a minute.
const maxIdentities = 1 << 16

// Identity is equal for two copies of a message. It is a hash of the bytes that name the
// message, with the seed of the dedupe. A new message has the identity of one of the
// 65,536 remembered messages by chance about once in 10^14 messages (2^64 / 2^16).
type Identity uint64

// dedupe recognises a message that was published before. It remembers the last messages
// that were published, and forgets the oldest first. One goroutine uses it.
//
// There are two ways, because a name says more than equal bytes:
//
//   - named: an identity belongs to one message. The message is a copy whenever it comes
//     again.
//   - not named: equal messages of one connection are two messages, as two equal trades
//     are. The n-th of them over one connection is a copy of the n-th that another
//     connection brought, if there was one. A source begins with what it repeats. So a
//     message from before the connection joined counts only until the connection brings
//     its first message that is no copy.
type dedupe struct {
	named bool
	most  int // messages remembered
	seed  maphash.Seed

	order  []Identity         // of the remembered messages; a ring once it is full
	next   int                // index in order of the oldest, which the next one replaces
	count  map[Identity]int32 // how often each identity stands in order
	shares []*Share           // the connections that have joined; only if not named
}

// newDedupe returns a dedupe that remembers most messages. most is above 0.
func newDedupe(named bool, most int) *dedupe {
	return &dedupe{named: named, most: most, seed: maphash.MakeSeed(), count: map[Identity]int32{}}
}

// identify returns the identity of a name. By hash, the name is the whole message.
func (d *dedupe) identify(name []byte) Identity { return Identity(maphash.Bytes(d.seed, name)) }

// Join returns the share of a connection that begins. Its Leave ends it, so there are as
// many shares as open connections.
func (d *dedupe) Join() *Share {
	s := &Share{dedupe: d, count: map[Identity]int32{}}
	if !d.named {
		s.before = maps.Clone(d.count)
		d.shares = append(d.shares, s)
	}
	return s
}

// Share is what one connection brought of the messages that a dedupe remembers. One
// goroutine uses all shares of a dedupe.
type Share struct {
	dedupe *dedupe
	count  map[Identity]int32 // how often the connection brought each remembered identity
	before map[Identity]int32 // dedupe.count when the connection joined, of what is still remembered; nil = it no longer counts
}

// Copies reports what Seen would report for a message, and changes nothing.
func (s *Share) Copies(id Identity) bool {
	if s.dedupe.named {
		return s.dedupe.count[id] > 0
	}
	return s.count[id] < s.dedupe.count[id]
}

// Settle ends the time in which the connection may repeat what was published before it
// joined.
func (s *Share) Settle() {
	for id, n := range s.before {
		s.count[id] = max(s.count[id], n)
	}
	s.before = nil
}

// Seen takes in the connection's next message. It reports whether the message is a copy of
// a published one. A message that is no copy is remembered, because the caller publishes
// it now.
func (s *Share) Seen(id Identity) bool {
	d := s.dedupe
	if d.named {
		if d.count[id] > 0 {
			return true
		}
		d.remember(id)
		return false
	}
	copied := s.Copies(id)
	if !copied {
		s.Settle()
		d.remember(id)
	}
	s.count[id]++
	return copied
}

// Leave ends the share. Seen must not be called afterwards. A second call does nothing.
func (s *Share) Leave() {
	d := s.dedupe
	d.shares = slices.DeleteFunc(d.shares, func(other *Share) bool { return other == s })
}

// remember takes a message in. It replaces the oldest one if there is no room.
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

// forget takes away the oldest message of an identity. For a connection that brought it,
// the second message of that identity becomes the first.
func (d *dedupe) forget(id Identity) {
	decrement(d.count, id)
	for _, s := range d.shares {
		decrement(s.count, id)
		decrement(s.before, id)
	}
}

// decrement subtracts one, and deletes the entry at 0.
func decrement(count map[Identity]int32, id Identity) {
	if n, ok := count[id]; ok && n > 1 {
		count[id] = n - 1
	} else {
		delete(count, id)
	}
}
