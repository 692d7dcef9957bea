package feed

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/arbiter"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/setting"
)

// policy decides what becomes of what several sources bring. It is owned by the
// combination's goroutine, which calls it with the present time.
type policy interface {
	begin(now time.Time)
	// message takes a message, and publishes what is due because of it.
	message(now time.Time, from int, in hub.Input)
	up(now time.Time, from int)
	down(now time.Time, from int, wait time.Duration, planned bool)
	// ended tells that a source will bring nothing more, now or ever.
	ended(now time.Time, from int)
	// due returns when wake is to be called; zero = not at all.
	due() time.Time
	wake(now time.Time)
	// passes reports whether a source's notices are the feed's.
	passes(from int) bool
	// end publishes what was waited for in vain: all sources have ended.
	end()
	stats() arbiter.Stats
}

// combination makes one feed of several sources. Each runs in a goroutine of its
// own and has a port; the goroutine of run takes in what they hand over, one
// report at a time, and alone publishes.
type combination struct {
	// Static after newCombination.
	sources []*source
	ports   []*port
	reports chan report // never closed
	policy  policy
	copies  *copies // nil = they are not looked for; owned by run
	pub     Publisher
	notify  func(up bool, outage time.Duration)
	relayed func(fantailv1.Notice)
	names   setting.Namer
	log     zerolog.Logger

	meter meter // of the feed as a whole

	mu      sync.Mutex
	figures arbiter.Stats // guarded by mu: as of the last report

	// Owned by run.
	ctx     context.Context
	members []memberState
	live    int  // sources whose goroutine runs
	last    int  // the source of the last message, or none
	away    bool // notify was told so
	errs    []error
}

// newCombination returns a combination of sources that have ports in order; its
// policy is to be set.
func newCombination(cfg Config, pub Publisher, log zerolog.Logger) *combination {
	c := &combination{
		reports: make(chan report), pub: pub, notify: cfg.Events.Notify, relayed: cfg.Events.RelayNotice, last: none,
		names: cfg.Names, log: log.With().Str("component", "feed").Logger(),
	}
	if c.notify == nil {
		c.notify = func(bool, time.Duration) {}
	}
	return c
}

// add adds a source.
func (c *combination) add(s *source) {
	c.sources, c.members = append(c.sources, s), append(c.members, memberState{})
}

// port returns the next source's.
func (c *combination) port() *port {
	p := newPort(len(c.ports), c.reports)
	c.ports = append(c.ports, p)
	return p
}

// memberState is how a source fares.
type memberState struct {
	cancel context.CancelFunc // ends it; nil = it does not run
	again  bool               // it is to run again once it has ended
	done   bool               // it will never run again
	over   bool               // it was stopped and is ending
	up     bool               // it has an open connection
	tried  bool               // a connection of it was made, or could not be
}

// run works until ctx ends or every source has ended for good. It returns why
// sources can never be read on, if any.
func (c *combination) run(ctx context.Context) error {
	defer func() { c.meter.stop(time.Now()) }()
	c.ctx = ctx
	c.policy.begin(time.Now())
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	done := ctx.Done()
	for c.live > 0 || done != nil && c.waiting() {
		c.set(alarm)
		select {
		case e := <-c.reports:
			c.take(e)
		case now := <-alarm.C:
			if ctx.Err() == nil {
				c.policy.wake(now)
			}
		case <-done:
			done = nil // the sources have the same end
		}
		c.tally()
	}
	if ctx.Err() != nil {
		return nil
	}
	c.policy.end()
	c.tell()
	return errors.Join(c.errs...)
}

// waiting reports whether a source is to run later.
func (c *combination) waiting() bool {
	for i := range c.members {
		if !c.members[i].done {
			return !c.policy.due().IsZero()
		}
	}
	return false
}

// set sets the alarm for when the policy wants to be called.
func (c *combination) set(alarm *time.Timer) {
	at := c.policy.due()
	if at.IsZero() {
		alarm.Stop()
		return
	}
	alarm.Reset(time.Until(at))
}

// take takes one report in. Once ctx has ended nothing is published any more.
func (c *combination) take(e report) {
	now, over := time.Now(), c.ctx.Err() != nil
	switch {
	case e.kind == reportEnded:
		c.ended(now, e)
		return
	case over:
	case e.kind == reportMessage:
		c.policy.message(now, e.from, e.in)
	case e.kind == reportNotice:
		if c.policy.passes(e.from) {
			c.relayed(e.notice)
		}
	case e.kind == reportUp && c.members[e.from].over:
	case e.kind == reportUp:
		c.members[e.from].up, c.members[e.from].tried = true, true
		c.copies.begin(e.from)
		c.policy.up(now, e.from)
		c.tell()
	case e.kind == reportDown:
		c.members[e.from].up, c.members[e.from].tried = false, true
		c.tell()
		c.policy.down(now, e.from, e.wait, e.planned)
	}
	c.ports[e.from].taken <- struct{}{}
}

// ended takes in that a source's goroutine has ended.
func (c *combination) ended(now time.Time, e report) {
	l := &c.members[e.from]
	l.cancel()
	stopped := e.err == nil // by stop, or with ctx
	again := l.again && stopped
	*l = memberState{done: !stopped, tried: l.tried || !stopped}
	c.live--
	if e.err != nil && e.err != io.EOF {
		c.errs = append(c.errs, e.err)
		c.sources[e.from].log.Error().Str(zerolog.ErrorFieldName, c.names.Text(e.err)).Msg("source can never be read on; the feed goes on without it")
	}
	switch {
	case c.ctx.Err() != nil:
	case again:
		c.start(e.from)
	case l.done:
		c.tell()
		c.policy.ended(now, e.from)
	}
}

// start runs a source; one that is ending runs again.
func (c *combination) start(i int) {
	l := &c.members[i]
	if l.cancel != nil {
		l.again = true
		return
	}
	if c.last != none && c.last != i {
		c.sources[i].forget() // what it missed, another one brought
	}
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(c.ctx)
	c.live++
	go func() { // ends soon after ctx
		err := c.sources[i].run(ctx)
		c.reports <- report{from: i, kind: reportEnded, err: err}
	}()
}

// stop ends a source, soon. What it still brings is the policy's to leave out.
func (c *combination) stop(i int) {
	l := &c.members[i]
	if l.cancel != nil {
		l.cancel()
		l.over, l.again, l.up = true, false, false
	}
}

// publish passes a message on.
func (c *combination) publish(in hub.Input) {
	c.meter.message(in.Time, len(in.Payload))
	c.pub.Publish(in)
}

// publishOnce passes a source's message on unless it is a copy.
func (c *combination) publishOnce(from int, in hub.Input) {
	c.last = from
	if !c.copies.copied(from, in) {
		c.publish(in)
	}
}

// tell tells the clients when no source is left, and when one is back. At the
// start each source has the time of one attempt.
func (c *combination) tell() {
	up, trying := false, false
	for i := range c.members {
		l := &c.members[i]
		up = up || l.up
		trying = trying || l.cancel != nil && !l.tried
	}
	switch {
	case up:
		outage, _, first := c.meter.up(time.Now())
		if c.away {
			c.away = false
			if !first {
				c.log.Info().Stringer("outage", outage.Round(time.Millisecond)).Msg("the feed goes on")
			}
			c.notify(true, outage)
		}
	case c.away || trying && !c.meter.wasUp():
	default:
		c.away = true
		c.meter.gone(time.Now())
		c.notify(false, 0)
	}
}

// changed tells of a change to another source without an outage: something may
// be missing, or come twice.
func (c *combination) changed(to int) {
	if c.away {
		return // that is told when it is up
	}
	c.log.Info().Str("to", c.sources[to].name).Msg("the feed goes on over another source")
	c.notify(false, 0)
	c.notify(true, 0)
}

// tally keeps the policy's figures for others to see.
func (c *combination) tally() {
	s := c.policy.stats()
	if c.copies != nil {
		s.Repeated += c.copies.found
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.figures = s
}

// stats returns the figures of the feed as a whole, and each source's. Any
// goroutine.
func (c *combination) stats() Stats {
	all := c.meter.stats(time.Now())
	all.Alarm = true
	for _, s := range c.sources {
		one := s.stats()
		all.Alarm = all.Alarm && one.Alarm
		all.Sources = append(all.Sources, one)
		all.add(one)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all.Arbiter = c.figures
	return all
}
