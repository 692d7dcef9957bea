package feed

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/arbiter"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/setting"
)

// policy decides what becomes of the messages of several sources. The combination's goroutine
// owns it, and calls it with the present time.
type policy interface {
	begin(now time.Time)
	// message takes a message, and publishes what is due because of it.
	message(now time.Time, from int, in hub.Input)
	up(now time.Time, from int)
	down(now time.Time, from int, wait time.Duration, planned bool)
	// ended tells that a source will never bring anything again.
	ended(now time.Time, from int)
	// due returns when wake must be called; zero = not at all.
	due() time.Time
	wake(now time.Time)
	// passes reports whether a source's notices are the feed's.
	passes(from int) bool
	// end publishes what is still held. All sources have ended.
	end()
	stats() arbiter.Stats
}

// combination makes one feed of several sources. Each source runs in a goroutine of its own and
// has a port. The goroutine of run takes in what the ports hand over, one report at a time. No
// other goroutine publishes.
type combination struct {
	// Static after newCombination.
	sources []*source
	ports   []*port
	reports chan report // never closed
	policy  policy
	copies  *copies // nil = copies are not recognised; owned by run
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
	away    bool // notify was told that the feed is away
	errs    []error
}

// newCombination returns a combination without sources. Its caller adds them in the order of their
// ports, and sets copies and policy.
func newCombination(cfg Config, pub Publisher, log zerolog.Logger) *combination {
	return &combination{
		reports: make(chan report), pub: pub, notify: cfg.Events.Notify, relayed: cfg.Events.RelayNotice, last: none,
		names: cfg.Names, log: log.With().Str("component", "feed").Logger(),
	}
}

// add adds a source.
func (c *combination) add(s *source) {
	c.sources, c.members = append(c.sources, s), append(c.members, memberState{})
}

// port returns the port of the next source.
func (c *combination) port() *port {
	p := newPort(len(c.ports), c.reports)
	c.ports = append(c.ports, p)
	return p
}

// run works until ctx ends or every source has ended for good. Its error says which sources can
// never be read on, and why.
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
			done = nil // the sources end with ctx too
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

// set sets the alarm to the policy's due time.
func (c *combination) set(alarm *time.Timer) {
	at := c.policy.due()
	if at.IsZero() {
		alarm.Stop()
		return
	}
	alarm.Reset(time.Until(at))
}

// take takes in one report. Once ctx has ended nothing is published any more.
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

// publish publishes a message.
func (c *combination) publish(in hub.Input) {
	c.meter.message(in.Time, len(in.Payload))
	c.pub.Publish(in)
}

// publishOnce publishes a source's message unless it is a copy.
func (c *combination) publishOnce(from int, in hub.Input) {
	c.last = from
	if !c.copies.copied(from, in) {
		c.publish(in)
	}
}

// tell calls notify when no source is connected, and when one is back. At the start each source
// has the time of one attempt.
func (c *combination) tell() {
	up, trying := false, false
	for i := range c.members {
		m := &c.members[i]
		up = up || m.up
		trying = trying || m.cancel != nil && !m.tried
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

// changed tells of a change to another source without an outage. Messages may be missing, or come
// twice.
func (c *combination) changed(to int) {
	if c.away {
		return // tell tells it when that source is up
	}
	c.log.Info().Str("to", c.sources[to].name).Msg("the feed goes on over another source")
	c.notify(false, 0)
	c.notify(true, 0)
}

// tally stores the policy's figures, which any goroutine may then read.
func (c *combination) tally() {
	s := c.policy.stats()
	if c.copies != nil {
		s.Repeated += c.copies.found
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.figures = s
}

// stats returns the figures of the feed as a whole, and of each source. Any goroutine may call it.
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
