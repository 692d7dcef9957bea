package hub

import (
	"context"
	"crypto/sha256"
)

// numbering maps the hub's own sequences to positions. A hub numbers its messages
// itself, or adopts the numbers of a backbone, which are the same on every relay of
// that backbone. The hub's own sequences rise through every change of numbering: rings,
// cursors and clients know only them. A numbering is immutable.
type numbering struct {
	source string // the name that Adopt got; empty if the hub counts by itself
	epoch  string // of its positions
	base   uint64 // the hub's sequence that stands for the number first
	first  uint64 // the numbering began after this number
	whole  Start  // after this start nothing is missing; a position before it is gone
}

// adopted reports whether Adopt made the numbering. The first numbering begins at 0.
func (n *numbering) adopted() bool { return n.base > 0 }

// sequence returns the hub's sequence of a position. It reports whether the position is
// of this numbering.
func (n *numbering) sequence(at Position) (seq uint64, ours bool) {
	seq = n.base + (at.Seq - n.first)
	return seq, at.Epoch == n.epoch && at.Seq >= n.first && seq >= n.base
}

// next returns the sequence of the message after the one with sequence last. The
// backbone's number counts only if it rises.
func (n *numbering) next(last, number uint64) uint64 {
	if n.source == "" || number < n.first {
		return last + 1
	}
	return max(last+1, n.base+(number-n.first))
}

// Adopt says how the backbone numbers the messages that are published from now on
// (Input.Seq): after a number, within an epoch of that name. Hubs that adopt the same
// name from the same backbone tell the same positions, and a position of one is good at
// the others. An empty name makes the hub count by itself again, in a random epoch.
//
// Call Adopt when the numbering becomes known, and whenever messages are missing before
// the next one. The messages before the call and those after it do not join up, so
// positions before it are gone. A number below one that was used begins a random epoch,
// so that an old position never means a new message. Only the publisher calls it.
func (h *Hub) Adopt(name string, behind uint64) {
	n := *h.numbering.Load()
	seq, rises := n.sequence(Position{n.epoch, behind})
	if name == "" || n.source != name || !rises || seq < h.seq {
		epoch := newEpoch()
		if name != "" && n.source != name {
			epoch = EpochOf(name)
		}
		seq = h.seq + 1
		n = numbering{source: name, epoch: epoch, base: seq, first: behind}
	}
	h.seq = seq
	n.whole = Start{slot: h.ring.head.Load() + 1, seq: seq}
	h.numbering.Store(&n)
}

// EpochOf returns the epoch of a backbone's numbering from its name.
func EpochOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return epochText([5]byte(sum[:5]))
}

// Await waits until the feed has reached a position that another relay may have told:
// relays of one backbone get a message at nearly the same time, not at the same time.
// It reports false if ctx ends first although the feed may still reach the position:
// the source is away, or was not reached yet. For a hub that numbers its messages
// itself it does nothing. Any goroutine may call it.
func (h *Hub) Await(ctx context.Context, at Position) bool {
	for h.pending(at) {
		select {
		case <-h.nextSweep():
		case <-ctx.Done():
			return h.numbering.Load().adopted() && h.SourceIsUp()
		case <-h.done:
			return true // Join will tell
		}
	}
	return true
}

// pending reports whether messages that are still to come may make a position known.
func (h *Hub) pending(at Position) bool {
	n := h.numbering.Load()
	if !n.adopted() {
		return h.backbone
	}
	seq, ours := n.sequence(at)
	return n.source != "" && ours && seq > h.Live().seq
}

// nextSweep returns a channel that the next sweep closes.
func (h *Hub) nextSweep() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.swept == nil {
		h.swept = make(chan struct{})
	}
	return h.swept
}

// tellSwept ends the waits for a sweep.
func (h *Hub) tellSwept() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.swept != nil {
		close(h.swept)
		h.swept = nil
	}
}
