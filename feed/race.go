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

// concurrentPolicy is the policy of Race and Merge: all sources run at once. In a race a
// message with a number goes by the arbiter; any other, and in a merge all, is
// published unless it is recognised as a copy.
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
	t := &concurrentPolicy{c: c, merge: cfg.Sources.Mode == Merge, numbers: numbers}
	if numbers != nil {
		t.arbiter = arbiter.New(len(c.sources), cfg.Sources.GapWait, c.publish)
	}
	return t, nil
}

func (t *concurrentPolicy) begin(time.Time) {
	for i := range t.c.sources {
		t.c.start(i)
	}
}

func (t *concurrentPolicy) message(now time.Time, from int, in hub.Input) {
	if seq, ok := t.number(in); ok {
		t.arbiter.Offer(now, from, seq, in)
	} else {
		t.c.publishOnce(from, in)
	}
}

// number returns the number that the source gave a message, if it has one: digits
// alone, in quotes or without.
func (t *concurrentPolicy) number(in hub.Input) (uint64, bool) {
	if t.numbers == nil {
		return 0, false
	}
	value, err := t.numbers.Key(in.Kind, in.Payload)
	if err != nil {
		return 0, false
	}
	seq, err := strconv.ParseUint(value, 10, 64)
	return seq, err == nil && seq <= arbiter.MaxNumber
}

func (t *concurrentPolicy) up(time.Time, int) {}

func (t *concurrentPolicy) down(time.Time, int, time.Duration, bool) {}

func (t *concurrentPolicy) ended(time.Time, int) {}

func (t *concurrentPolicy) due() time.Time {
	if t.arbiter == nil {
		return time.Time{}
	}
	return t.arbiter.Due()
}

func (t *concurrentPolicy) wake(now time.Time) {
	if t.arbiter != nil {
		t.arbiter.Wake(now)
	}
}

// passes: what a merged source tells is the feed's; in a race another one may
// have what it lacks.
func (t *concurrentPolicy) passes(int) bool { return t.merge }

func (t *concurrentPolicy) end() {
	for at := t.due(); !at.IsZero(); at = t.due() {
		t.wake(at)
	}
}

func (t *concurrentPolicy) stats() arbiter.Stats {
	if t.arbiter == nil {
		return arbiter.Stats{}
	}
	return t.arbiter.Stats()
}
