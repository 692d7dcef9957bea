package feed

import (
	"math/rand/v2"
	"time"

	"fantail/feed/arbiter"
	"fantail/hub"
)

const (
	// DefaultFailback is the default of Sources.Failback.
	DefaultFailback = time.Minute
	// trialWait is how long the preferred source may be open beside its stand-in
	// without a message. Then it takes over if both were quiet.
	trialWait = 10 * time.Second
)

// NoFailback as Sources.Failback keeps a stand-in until it fails.
const NoFailback time.Duration = -1

// failover is the policy of one source at a time. It is a pure state machine.
//
// The feed comes from the active source. When that fails, the next source in order that need not
// wait takes its place at once. If all must wait, the one whose wait ends first does. While a
// stand-in is active, the preferred source is tried beside it at times. It takes over with its
// first message, or if both are quiet, so a source that comes back silent does not silence a
// stand-in that speaks. The time until a trial is drawn evenly between one and two times failback,
// so that relays that lost a source together do not come back to it together.
type failover struct {
	order    []int         // of the sources; the first is preferred
	failback time.Duration // 0 = never
	start    func(i int)   // makes a source begin live
	stop     func(i int)
	publish  func(from int, in hub.Input)
	changed  func(to int) // tells that the feed went over without an outage

	notBefore []time.Time // by source: when it may be tried again
	over      []bool      // by source: it has ended for good
	active    int         // none if all have ended
	sleeping  bool        // the active one starts at its notBefore
	trial     int         // none = no trial
	trialAt   time.Time   // when the next trial begins; zero = none is due
	trialEnds time.Time   // when an open trial without a message is decided
	spoke     bool        // the active one brought a message while the trial was open
}

// none stands for no source.
const none = -1

func newFailover(order []int, failback time.Duration) *failover {
	return &failover{order: order, failback: failback, notBefore: make([]time.Time, len(order)), over: make([]bool, len(order)), active: none, trial: none}
}

func (f *failover) begin(now time.Time) { f.next(now, none) }

func (f *failover) message(now time.Time, from int, in hub.Input) {
	if from == f.trial {
		f.takeOver(now)
	}
	if from == f.active {
		f.publish(from, in)
		f.spoke = true
	}
}

func (f *failover) up(now time.Time, from int) {
	switch {
	case from == f.trial:
		f.trialEnds, f.spoke = now.Add(trialWait), false
	case from == f.active:
		f.plan(now)
	}
}

func (f *failover) down(now time.Time, from int, wait time.Duration, planned bool) {
	f.notBefore[from] = now.Add(wait)
	switch {
	case planned:
	case from == f.trial:
		f.stop(from)
		f.giveUpTrial(now)
	case from == f.active:
		f.next(now, from)
	}
}

func (f *failover) ended(now time.Time, from int) {
	f.over[from] = true
	switch from {
	case f.trial:
		f.giveUpTrial(now)
	case f.active:
		f.active = none
		f.next(now, from)
	}
}

// next goes over from a source that has failed. If the same source is to be tried first, its own
// supervision does that.
func (f *failover) next(now time.Time, failed int) {
	if f.trial != none { // the preferred source is already started
		f.leave(failed)
		f.active, f.trial, f.trialEnds = f.trial, none, time.Time{}
		f.changed(f.active)
		return
	}
	to := f.choose(now, failed)
	if to == none || to == failed {
		return
	}
	f.leave(failed)
	f.active, f.trialAt = to, time.Time{}
	f.sleeping = f.notBefore[to].After(now)
	if !f.sleeping {
		f.start(to)
	}
}

// leave stops a source, unless it has ended by itself.
func (f *failover) leave(i int) {
	if i != none && !f.over[i] {
		f.stop(i)
	}
}

// choose returns the source to try: the first after the failed one that need not wait, or else the
// one whose wait ends first.
func (f *failover) choose(now time.Time, failed int) int {
	best, n := none, len(f.order)
	first := 0
	for at, i := range f.order {
		if i == failed {
			first = at + 1
		}
	}
	for k := range n {
		i := f.order[(first+k)%n]
		switch {
		case f.over[i]:
		case !f.notBefore[i].After(now):
			return i
		case best == none || f.notBefore[i].Before(f.notBefore[best]):
			best = i
		}
	}
	return best
}

// plan sets the time of the next trial, if a stand-in is active.
func (f *failover) plan(now time.Time) {
	preferred := f.order[0]
	if f.active != preferred && !f.over[preferred] && f.failback > 0 && f.trial == none && f.trialAt.IsZero() {
		f.trialAt = now.Add(f.failback + rand.N(f.failback))
	}
}

func (f *failover) giveUpTrial(now time.Time) {
	f.trial, f.trialEnds = none, time.Time{}
	f.plan(now)
}

// decide ends a trial that brought no message.
func (f *failover) decide(now time.Time) {
	if !f.spoke {
		f.takeOver(now)
		return
	}
	f.stop(f.trial)
	f.giveUpTrial(now)
}

// takeOver makes the source of a trial the active one.
func (f *failover) takeOver(now time.Time) {
	left := f.active
	f.active, f.trial, f.trialEnds = f.trial, none, time.Time{}
	f.notBefore[left] = now
	f.stop(left)
	f.changed(f.active)
}

func (f *failover) due() time.Time {
	switch {
	case f.active != none && f.sleeping:
		return f.notBefore[f.active]
	case !f.trialEnds.IsZero():
		return f.trialEnds
	}
	return f.trialAt
}

func (f *failover) wake(now time.Time) {
	switch {
	case f.active != none && f.sleeping:
		if !f.notBefore[f.active].After(now) {
			f.sleeping = false
			f.start(f.active)
		}
	case !f.trialEnds.IsZero():
		if !f.trialEnds.After(now) {
			f.decide(now)
		}
	case !f.trialAt.IsZero() && !f.trialAt.After(now):
		f.trial, f.trialAt = f.order[0], time.Time{}
		f.start(f.trial)
	}
}

func (f *failover) passes(from int) bool { return from == f.active }

func (f *failover) end() {}

func (f *failover) stats() arbiter.Stats { return arbiter.Stats{} }
