package hub

import (
	"slices"
	"sync/atomic"
)

const (
	// shortEpoch is the number of messages after which a follower begins another epoch
	// for clients that wait for one, however few they are.
	shortEpoch = 64
	// turnCost is what the beginning of an epoch costs each client on the stream, which
	// loses its context, in messages that another client gets plain (two to three for
	// recorded feeds). An epoch begins once the waiting clients have had that many
	// messages plain.
	turnCost = 3
	// longEpoch is the number of messages in an epoch for which no client waits. A
	// client that resumes later begins with the first epoch after its position.
	longEpoch = 512

	// showMessages and showBytes bound what a follower encodes before it wakes the
	// pumps. They write more efficiently the more there is at once.
	showMessages = 64
	showBytes    = 64 << 10

	// lagMessages and lagBytes bound how far a follower, and its lane's clients with
	// it, may be behind the head. Half the ring is a bound as well.
	lagMessages = 8192
	lagBytes    = 16 << 20
)

// follower makes the frames of a lane's stream. It follows the ring with a goroutine
// and a cursor of its own, and nobody waits for it (I1): the lane's clients get what it
// has finished, up to its own head. It starts with the lane, at the ring's head. The
// lane's last client or Close ends it.
type follower struct {
	// static after followLocked
	hub   *Hub
	codec Codec
	wake  chan struct{} // one slot; never closed
	stop  chan struct{} // closed once the lane has no clients any more

	// owned by the follower's goroutine
	stream  Stream                        // nil before the first message, since a reserved lane may never get a client
	next    uint64                        // slot of the first message that is not encoded
	epoch   uint64                        // slot that the current epoch began with, 0 for no epoch
	before  int64                         // arrivals when the epoch began
	owed    int64                         // messages since then, times the clients that waited
	unshown struct{ messages, bytes int } // what was encoded since the pumps were last woken

	// atomic
	head     atomic.Uint64 // slot up to which everything is encoded, or left out for good; stored by the goroutine
	awaited  atomic.Uint64 // the highest slot after which a client waits for an epoch
	arrivals atomic.Int64  // clients that have begun to wait so far
	users    atomic.Int64  // clients of the lane; stored under Hub.mu

	looks []look // by pump, each owned by its pump
}

// look is the head as a pump saw it last.
type look struct{ number, head uint64 }

// followLocked starts a follower at the ring's head.
func (h *Hub) followLocked(c Codec) *follower {
	f := &follower{hub: h, codec: c, wake: make(chan struct{}, 1), stop: make(chan struct{}), looks: make([]look, len(h.pumps))}
	f.head.Store(h.ring.head.Load())
	f.next = f.head.Load() + 1
	h.setFollowersLocked(append(h.followersLocked(), f))
	if !h.closed {
		h.goroutines.Go(f.follow) // ended by unfollowLocked or Close
	}
	return f
}

func (h *Hub) unfollowLocked(f *follower) {
	h.setFollowersLocked(slices.DeleteFunc(h.followersLocked(), func(other *follower) bool { return other == f }))
	close(f.stop)
}

// followersLocked returns a copy of the list, which the publisher reads.
func (h *Hub) followersLocked() []*follower {
	if all := h.followers.Load(); all != nil {
		return slices.Clone(*all)
	}
	return nil
}

func (h *Hub) setFollowersLocked(all []*follower) {
	if len(all) == 0 {
		h.followers.Store(nil)
		return
	}
	h.followers.Store(&all)
}

// follow encodes what is published until it is stopped.
func (f *follower) follow() {
	for {
		f.catchUp()
		select {
		case <-f.wake:
		case <-f.stop:
			return
		case <-f.hub.done:
			return
		}
	}
}

// catchUp encodes up to the head.
func (f *follower) catchUp() {
	for f.next <= f.hub.ring.head.Load() && !f.stopped() {
		f.step()
		if f.unshown.messages >= showMessages || f.unshown.bytes >= showBytes {
			f.show()
		}
	}
	f.show()
}

func (f *follower) stopped() bool {
	select {
	case <-f.stop:
		return true
	case <-f.hub.done:
		return true
	default:
		return false
	}
}

// step encodes one message, or leaves messages out if it is too far behind.
func (f *follower) step() {
	r := &f.hub.ring
	m := r.at(f.next)
	if m == nil || f.late(m) {
		f.leap()
		return
	}
	if f.stream == nil {
		f.stream = f.codec.NewStream()
	}
	if f.turns() {
		f.stream.Reset()
		f.epoch, f.before, f.owed = f.next, f.arrivals.Load(), 0
	}
	frame, saved := f.stream.Encode(m)
	if !m.attach(&encoding{frame: frame, stream: f, epoch: f.epoch, saved: saved}, r) {
		f.epoch = 0 // nobody gets this frame, nor a frame that would depend on it
	}
	f.head.Store(f.next)
	f.next++
	f.unshown.messages++
	f.unshown.bytes += len(frame)
}

// late reports whether m is too far behind the head.
func (f *follower) late(m *Message) bool {
	r := &f.hub.ring
	newest := r.newest()
	behind, bytes := newest.slot-m.slot, newest.total-m.total
	return behind > min(lagMessages, r.maxCount/2) || behind > 1 && bytes > min(lagBytes, r.maxBytes/2)
}

// leap leaves out everything up to the newest message. No client misses anything: a
// message without a place in the stream goes as the format has it.
func (f *follower) leap() {
	newest := f.hub.ring.newest()
	f.hub.tally.skipped.Add(newest.slot - f.next)
	f.head.Store(newest.slot - 1)
	f.next, f.epoch = newest.slot, 0
}

// turns reports whether the next message begins an epoch. The more clients wait, the
// sooner it does.
func (f *follower) turns() bool {
	length, awaited := f.next-f.epoch, f.awaited.Load()
	switch {
	case f.epoch == 0 || length >= longEpoch:
		return true
	case awaited <= f.epoch || awaited > f.next:
		return false
	}
	f.owed += f.arrivals.Load() - f.before
	return length >= shortEpoch || f.owed > turnCost*f.users.Load()
}

// await asks for an epoch that begins at a slot, or soon after it. Any goroutine.
func (f *follower) await(slot uint64) {
	for {
		now := f.awaited.Load()
		if slot <= now || f.awaited.CompareAndSwap(now, slot) {
			return
		}
	}
}

// show wakes the pumps if the head has moved.
func (f *follower) show() {
	if f.unshown.messages == 0 {
		return
	}
	f.unshown.messages, f.unshown.bytes = 0, 0
	f.hub.streamVersion.Add(1)
	for _, p := range f.hub.pumps {
		p.poke()
	}
}

// headFor returns the head as of the pump's last lookUp.
func (f *follower) headFor(p *pump) uint64 {
	l := &f.looks[p.batches.pump]
	if l.number != p.look {
		l.number, l.head = p.look, f.head.Load()
	}
	return l.head
}
