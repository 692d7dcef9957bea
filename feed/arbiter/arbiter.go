package arbiter

import (
	"hash/maphash"
	"math"
	"time"

	"fantail/hub"
)

// maxJump is how many numbers may be missed at once. A larger jump is a new numbering.
const maxJump = 1 << 24

// MaxNumber is the highest number that an arbiter takes, so that a next number always exists.
const MaxNumber = math.MaxUint64 - 1

// restartWait is how long only lower numbers may come before they count as a new numbering.
const restartWait = 2 * time.Second

// Arbiter makes one feed of several sources that number the same messages: each number once, in
// order, from whichever source has it first. It is a pure state machine. Its caller says what came
// and when, and calls Wake at the time that Due returns. One goroutine uses it.
//
// The feed begins with the first number that comes. A missing number is waited for, and the
// messages after it are held. Once the wait is over, or more is held than a backlog takes, the
// number counts as missed.
//
// A number below the feed's place is a copy, or came too late, and is dropped. But a source may
// start its numbering over. So a lower number is kept apart, unless the feed had the same message
// at that number or the number comes from a source that is only slow. When nothing else has come
// for restartWait, or a backlog is full, the feed goes on with the new numbering. A message with
// the next number shows that the old numbering goes on.
type Arbiter struct {
	wait time.Duration   // for a missing number
	emit func(hub.Input) // takes the feed's next message; its payload is valid until it returns

	begun   bool
	next    uint64           // the number to emit next
	held    backlog          // numbers above next
	lower   backlog          // numbers below next that may be a new numbering
	history seqHistory       // the numbers that were emitted or missed
	sources []sourceProgress // by source

	stats Stats
}

// sourceProgress says how far the numbers of a source went. A number that the source has not
// reached before is no sign of a new numbering, even if its bytes differ from a faster source's.
type sourceProgress struct {
	high  uint64 // highest number in the feed's numbering
	back  bool   // it has gone back, as it does for a new numbering
	since uint64 // highest number since it has gone back
}

// Stats counts what became of the messages and numbers.
type Stats struct {
	Repeated uint64 // messages that were copies or came too late
	Missed   uint64 // numbers that no source brought in time
	Restarts uint64 // new numberings
}

// New returns an arbiter of a number of sources. wait is how long it waits for a missing number;
// it is not negative. emit takes each message of the feed, whose payload is valid until emit
// returns. Offer and Wake call emit.
func New(sources int, wait time.Duration, emit func(hub.Input)) *Arbiter {
	return &Arbiter{sources: make([]sourceProgress, sources), wait: wait, emit: emit, history: newSeqHistory(maxBacklog)}
}

// Offer takes a message of the source from, counted from 0, that came now with the number seq, at
// most MaxNumber. now must not go back from call to call. The payload is copied if it is kept.
func (a *Arbiter) Offer(now time.Time, from int, seq uint64, in hub.Input) {
	if !a.begun {
		a.begun, a.next = true, seq
	}
	switch {
	case seq == a.next:
		a.advance(seq, in) // fast path
		a.release()
	case seq > a.next:
		if !a.held.add(now, seq, in) {
			a.stats.Repeated++
		}
		for a.held.full() {
			a.skip()
		}
	case a.history.knows(seq, in.Payload), a.lags(from, seq):
		a.stats.Repeated++
	default:
		a.suspect(now, from, seq, in)
	}
	a.sources[from].high = max(a.sources[from].high, seq)
}

// Stats returns the present figures.
func (a *Arbiter) Stats() Stats { return a.stats }

// lags reports whether a number below the feed's comes from a source that is only slow. A number
// further back than a backlog does not count, because the feed may have jumped to another numbering.
func (a *Arbiter) lags(from int, seq uint64) bool {
	p := a.sources[from]
	return !p.back && seq > p.high && a.next-seq <= maxBacklog
}

// suspect keeps a message apart that may belong to a new numbering.
func (a *Arbiter) suspect(now time.Time, from int, seq uint64, in hub.Input) {
	p := &a.sources[from]
	p.back, p.since = true, max(p.since, seq)
	if !a.lower.add(now, seq, in) {
		a.stats.Repeated++
	}
	switch {
	case !a.lower.full():
	case a.held.first() != nil:
		a.skip() // the held messages show that the old numbering goes on
	default:
		a.restart()
	}
}

// Due returns when Wake must be called; zero = not at all.
func (a *Arbiter) Due() time.Time {
	if n := a.held.first(); n != nil {
		return n.since.Add(a.wait)
	}
	if n := a.lower.first(); n != nil {
		return n.since.Add(restartWait)
	}
	return time.Time{}
}

// Wake gives up numbers whose wait is over. now must not go back from call to call.
func (a *Arbiter) Wake(now time.Time) {
	for n := a.held.first(); n != nil && now.Sub(n.since) >= a.wait; n = a.held.first() {
		a.skip()
	}
	if n := a.lower.first(); n != nil && a.held.first() == nil && now.Sub(n.since) >= restartWait {
		a.restart()
	}
}

// skip gives up the numbers before the first held message.
func (a *Arbiter) skip() {
	to := a.held.first().seq
	a.miss(to)
	a.release()
}

// miss gives up all numbers below to. More numbers than maxJump mean a new numbering.
func (a *Arbiter) miss(to uint64) {
	if n := to - a.next; n > maxJump {
		a.stats.Restarts++
	} else {
		a.stats.Missed += n
	}
	a.history.miss(a.next, to)
	a.next = to
}

// release emits held messages up to the first missing number.
func (a *Arbiter) release() {
	for n := a.held.first(); n != nil && n.seq == a.next; n = a.held.first() {
		taken := a.held.pop()
		a.advance(taken.seq, taken.in)
	}
}

// advance emits the next message. It drops the lower numbers that were kept apart, because the old
// numbering goes on.
func (a *Arbiter) advance(seq uint64, in hub.Input) {
	a.emit(in)
	a.history.note(seq, in.Payload)
	a.next = seq + 1
	if len(a.lower.list) > 0 {
		a.stats.Repeated += uint64(len(a.lower.list))
		a.lower.clear()
		for i := range a.sources {
			a.sources[i].back, a.sources[i].since = false, 0
		}
	}
}

// restart goes on with the new numbering. No message of the old numbering is held at this point.
func (a *Arbiter) restart() {
	a.stats.Restarts++
	fresh := a.lower
	a.lower.clear()
	a.history = newSeqHistory(maxBacklog)
	for i, p := range a.sources {
		a.sources[i] = sourceProgress{high: p.since}
	}
	a.next = fresh.first().seq
	for len(fresh.list) > 0 {
		n := fresh.pop()
		a.miss(n.seq)
		a.advance(n.seq, n.in)
	}
}

// seqHistory remembers the newest numbers, each with a hash of its message or as missed.
type seqHistory struct {
	seed  maphash.Seed
	slots []remembered // indexed by number modulo their count
}

// remembered is a number with the hash of its message. A missed number has no hash.
type remembered struct {
	seq   uint64
	hash  uint64
	state state
}

type state uint8

const (
	empty state = iota
	emitted
	missed
)

func newSeqHistory(most int) seqHistory {
	return seqHistory{maphash.MakeSeed(), make([]remembered, most)}
}

func (r seqHistory) slot(seq uint64) *remembered { return &r.slots[seq%uint64(len(r.slots))] }

// note remembers a message.
func (r seqHistory) note(seq uint64, payload []byte) {
	*r.slot(seq) = remembered{seq, maphash.Bytes(r.seed, payload), emitted}
}

// miss remembers that the numbers from from to to, without to itself, were missed.
func (r seqHistory) miss(from, to uint64) {
	for seq := max(from, to-min(to, uint64(len(r.slots)))); seq < to; seq++ {
		*r.slot(seq) = remembered{seq, 0, missed}
	}
}

// knows reports whether the number was missed, or was emitted with the same message.
func (r seqHistory) knows(seq uint64, payload []byte) bool {
	m := r.slot(seq)
	switch {
	case m.seq != seq || m.state == empty:
		return false
	case m.state == missed:
		return true
	}
	return m.hash == maphash.Bytes(r.seed, payload)
}
