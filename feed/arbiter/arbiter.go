package arbiter

import (
	"hash/maphash"
	"math"
	"time"

	"fantail/hub"
)

// maxJump is how many numbers may be missed at once.
const maxJump = 1 << 24

// MaxNumber is the highest number that an arbiter takes, so that there is always
// a next one.
const MaxNumber = math.MaxUint64 - 1

// restartWait is how long nothing but lower numbers may come before they count
// as a numbering that has begun anew.
const restartWait = 2 * time.Second

// Arbiter makes one feed of several lines that number the same messages: each
// number once, in order, from whichever line has it first. It is a pure state
// machine that knows neither lines nor clocks: its caller says what came and
// when, and calls wake at the time that due tells. One goroutine.
//
// A number that is missing is waited for, and what comes behind it is held; once
// the wait is over, or more is held than a backlog takes, it counts as missed.
// The first number that comes is where the feed begins.
//
// A number below the feed's place is a copy or came too late, and is dropped.
// But a source may begin anew at 1. So unless it is known as such, by what the
// feed held at that number, or as what a slower line brings in its turn, it is kept
// apart: when nothing else has come for
// restartWait, or a backlog is full of it, the feed goes on with the new
// numbering. Any message in its turn shows that the old one goes on.
type Arbiter struct {
	wait time.Duration   // for a missing number
	emit func(hub.Input) // takes the feed's next message; its payload is valid until it returns

	begun   bool
	next    uint64           // the number that is to be emitted next
	held    backlog          // numbers above next
	lower   backlog          // numbers below next that may be a new numbering
	history seqHistory       // what was emitted or missed
	sources []sourceProgress // by line

	stats Stats
}

// sourceProgress is how far a line's numbers went. What a line has not reached before is no
// sign of a new numbering, though its bytes be others than those of a faster line.
type sourceProgress struct {
	high uint64 // in the feed's numbering
	back bool   // it has gone back, as it does for a new numbering
	anew uint64 // how far it got since
}

// Stats says what an arbitration came to.
type Stats struct {
	Repeated uint64 // copies of what another source had brought, or what came too late
	Missed   uint64 // numbers that no source brought in time
	Restarts uint64 // how often the numbering began anew
}

func New(lines int, wait time.Duration, emit func(hub.Input)) *Arbiter {
	return &Arbiter{sources: make([]sourceProgress, lines), wait: wait, emit: emit, history: newSeqHistory(maxBacklog)}
}

// Offer takes a message of a line. Time must not go back from call to call.
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

// Stats returns what the arbitration came to so far.
func (a *Arbiter) Stats() Stats { return a.stats }

// lags reports whether a number below the feed's is what a slower line brings in
// its turn. One further behind than a backlog may be of a numbering that the feed
// has left by a leap.
func (a *Arbiter) lags(from int, seq uint64) bool {
	l := a.sources[from]
	return !l.back && seq > l.high && a.next-seq <= maxBacklog
}

// suspect keeps a message apart that may be of a new numbering.
func (a *Arbiter) suspect(now time.Time, from int, seq uint64, in hub.Input) {
	l := &a.sources[from]
	l.back, l.anew = true, max(l.anew, seq)
	if !a.lower.add(now, seq, in) {
		a.stats.Repeated++
	}
	switch {
	case !a.lower.full():
	case a.held.first() != nil:
		a.skip() // what is held shows that the old one goes on
	default:
		a.restart()
	}
}

// Due returns when wake is to be called; zero = there is nothing to wait for.
func (a *Arbiter) Due() time.Time {
	if n := a.held.first(); n != nil {
		return n.since.Add(a.wait)
	}
	if n := a.lower.first(); n != nil {
		return n.since.Add(restartWait)
	}
	return time.Time{}
}

// Wake gives up what was waited for long enough.
func (a *Arbiter) Wake(now time.Time) {
	for n := a.held.first(); n != nil && now.Sub(n.since) >= a.wait; n = a.held.first() {
		a.skip()
	}
	if n := a.lower.first(); n != nil && a.held.first() == nil && now.Sub(n.since) >= restartWait {
		a.restart()
	}
}

// skip gives up the numbers before the first message that is held.
func (a *Arbiter) skip() {
	to := a.held.first().seq
	a.miss(to)
	a.release()
}

// miss gives up all numbers up to, but not with, to. So many that no source would
// skip them mean another numbering.
func (a *Arbiter) miss(to uint64) {
	if n := to - a.next; n > maxJump {
		a.stats.Restarts++
	} else {
		a.stats.Missed += n
	}
	a.history.miss(a.next, to)
	a.next = to
}

// release emits what is held as far as there is no number missing.
func (a *Arbiter) release() {
	for n := a.held.first(); n != nil && n.seq == a.next; n = a.held.first() {
		taken := a.held.pop()
		a.advance(taken.seq, taken.in)
	}
}

// advance emits the message whose turn it is. It shows that what seemed to be a
// new numbering was the old one once more.
func (a *Arbiter) advance(seq uint64, in hub.Input) {
	a.emit(in)
	a.history.note(seq, in.Payload)
	a.next = seq + 1
	if len(a.lower.list) > 0 {
		a.stats.Repeated += uint64(len(a.lower.list))
		a.lower.clear()
		for i := range a.sources {
			a.sources[i].back, a.sources[i].anew = false, 0
		}
	}
}

// restart goes on with the new numbering. Nothing is held: that would belong to
// the old one.
func (a *Arbiter) restart() {
	a.stats.Restarts++
	anew := a.lower
	a.lower.clear()
	a.history = newSeqHistory(maxBacklog)
	for i, l := range a.sources {
		a.sources[i] = sourceProgress{high: l.anew}
	}
	a.next = anew.first().seq
	for len(anew.list) > 0 {
		n := anew.pop()
		a.miss(n.seq)
		a.advance(n.seq, n.in)
	}
}

// seqHistory remembers the newest numbers: what their messages were, or that they
// were missed. One goroutine.
type seqHistory struct {
	seed  maphash.Seed
	slots []remembered // by number, modulo their count
}

// remembered is a number with a hash of its message; missed numbers have none.
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

// miss remembers that the numbers from and up to, but not with, to were missed.
func (r seqHistory) miss(from, to uint64) {
	for seq := max(from, to-min(to, uint64(len(r.slots)))); seq < to; seq++ {
		*r.slot(seq) = remembered{seq, 0, missed}
	}
}

// knows reports whether this message is the one that had this number, or the
// number was missed.
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
