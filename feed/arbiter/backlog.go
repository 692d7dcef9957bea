package arbiter

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"fantail/hub"
)

// Bounds of a backlog.
const (
	maxBacklog      = 8192     // messages
	maxBacklogBytes = 32 << 20 // of their payloads
)

// numbered is a message that waits, with the number that the source gave it.
type numbered struct {
	seq   uint64
	since time.Time // when this or any later number that is held came first
	in    hub.Input // its payload is a copy
}

// backlog holds messages in the order of their numbers, each number once. The zero value is empty.
// One goroutine uses it.
type backlog struct {
	list  []numbered
	bytes int
}

// add takes in a message that came now, and reports whether its number is new. It copies the
// payload of a new one.
func (b *backlog) add(now time.Time, seq uint64, in hub.Input) bool {
	i, found := slices.BinarySearchFunc(b.list, seq, func(n numbered, seq uint64) int { return cmp.Compare(n.seq, seq) })
	if found {
		return false
	}
	if i < len(b.list) {
		now = b.list[i].since
	}
	in.Payload = bytes.Clone(in.Payload)
	b.list = slices.Insert(b.list, i, numbered{seq, now, in})
	b.bytes += len(in.Payload)
	return true
}

// full reports whether the bounds are reached.
func (b *backlog) full() bool { return len(b.list) >= maxBacklog || b.bytes >= maxBacklogBytes }

// first returns the message with the lowest number; nil = there is none. It is valid until the next
// call of add or pop.
func (b *backlog) first() *numbered {
	if len(b.list) == 0 {
		return nil
	}
	return &b.list[0]
}

// pop removes the first message and returns it.
func (b *backlog) pop() numbered {
	n := b.list[0]
	b.list[0] = numbered{} // so that the payload can be freed
	b.list = b.list[1:]
	b.bytes -= len(n.in.Payload)
	return n
}

// clear removes all messages.
func (b *backlog) clear() { *b = backlog{} }
