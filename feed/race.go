package feed

import (
	"strconv"
	"time"

	"fantail/feed/arbiter"
	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub"
	"fantail/hub/setting"
)

// DefaultGapWait is how long a race waits for a number that is missing.
const DefaultGapWait = 50 * time.Millisecond

// concurrentPolicy is the policy of Race and Merge: all sources run at once. In a race, the arbiter
// orders messages with numbers. All other messages are published unless they are copies.
type concurrentPolicy struct {
	c       *combination
	merge   bool
	numbers *stage.Keyer     // nil = none
	arbiter *arbiter.Arbiter // nil if there are no numbers
}

func newConcurrent(c *combination, cfg Config) (*concurrentPolicy, error) {
	numbers, err := stage.NewKeyer(cfg.Sources.Seq)
	if err != nil {
		return nil, setting.Errorf("feed: %v %w", driver.SettingSeq, err)
	}
	p := &concurrentPolicy{c: c, merge: cfg.Sources.Mode == Merge, numbers: numbers}
	if numbers != nil {
		p.arbiter = arbiter.New(len(c.sources), cfg.Sources.GapWait, c.publish)
	}
	return p, nil
}

func (p *concurrentPolicy) begin(time.Time) {
	for i := range p.c.sources {
		p.c.start(i)
	}
}

func (p *concurrentPolicy) message(now time.Time, from int, in hub.Input) {
	if seq, ok := p.number(in); ok {
		p.arbiter.Offer(now, from, seq, in)
	} else {
		p.c.publishOnce(from, in)
	}
}

// number returns the number that the source gave a message, if it has one: digits
// alone, in quotes or without.
func (p *concurrentPolicy) number(in hub.Input) (uint64, bool) {
	if p.numbers == nil {
		return 0, false
	}
	value, err := p.numbers.Key(in.Kind, in.Payload)
	if err != nil {
		return 0, false
	}
	seq, err := strconv.ParseUint(value, 10, 64)
	return seq, err == nil && seq <= arbiter.MaxNumber
}

func (p *concurrentPolicy) up(time.Time, int) {}

func (p *concurrentPolicy) down(time.Time, int, time.Duration, bool) {}

func (p *concurrentPolicy) ended(time.Time, int) {}

func (p *concurrentPolicy) due() time.Time {
	if p.arbiter == nil {
		return time.Time{}
	}
	return p.arbiter.Due()
}

func (p *concurrentPolicy) wake(now time.Time) {
	if p.arbiter != nil {
		p.arbiter.Wake(now)
	}
}

// passes reports true for Merge. In a race another source may have what this one lacks.
func (p *concurrentPolicy) passes(int) bool { return p.merge }

func (p *concurrentPolicy) end() {
	for at := p.due(); !at.IsZero(); at = p.due() {
		p.wake(at)
	}
}

func (p *concurrentPolicy) stats() arbiter.Stats {
	if p.arbiter == nil {
		return arbiter.Stats{}
	}
	return p.arbiter.Stats()
}
