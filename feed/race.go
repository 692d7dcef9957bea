package feed

import (
	"strconv"
	"time"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub"
	"fantail/hub/setting"
)

// DefaultGapWait is how long a race waits for a number that is missing.
const DefaultGapWait = 50 * time.Millisecond

// together is the policy of Race and Merge: all sources run at once. In a race a
// message with a number goes by the arbiter; any other, and in a merge all, is
// published unless it is recognised as a copy.
type together struct {
	c       *combination
	merge   bool
	numbers *stage.Keyer // nil = none
	arbiter *arbiter     // nil if there are no numbers
}

func newTogether(c *combination, cfg Config) (*together, error) {
	numbers, err := stage.NewKeyer(cfg.Sources.Seq)
	if err != nil {
		return nil, setting.Errorf("feed: %v %w", driver.SettingSeq, err)
	}
	t := &together{c: c, merge: cfg.Sources.Mode == Merge, numbers: numbers}
	if numbers != nil {
		t.arbiter = newArbiter(len(c.sources), cfg.Sources.GapWait, c.publish)
	}
	return t, nil
}

func (t *together) begin(time.Time) {
	for i := range t.c.sources {
		t.c.start(i)
	}
}

func (t *together) message(now time.Time, from int, in hub.Input) {
	if seq, ok := t.number(in); ok {
		t.arbiter.offer(now, from, seq, in)
	} else {
		t.c.publishOnce(from, in)
	}
}

// number returns the number that the source gave a message, if it has one: digits
// alone, in quotes or without.
func (t *together) number(in hub.Input) (uint64, bool) {
	if t.numbers == nil {
		return 0, false
	}
	value, err := t.numbers.Key(in.Kind, in.Payload)
	if err != nil {
		return 0, false
	}
	seq, err := strconv.ParseUint(value, 10, 64)
	return seq, err == nil && seq <= maxNumber
}

func (t *together) up(time.Time, int) {}

func (t *together) down(time.Time, int, time.Duration, bool) {}

func (t *together) ended(time.Time, int) {}

func (t *together) due() time.Time {
	if t.arbiter == nil {
		return time.Time{}
	}
	return t.arbiter.due()
}

func (t *together) wake(now time.Time) {
	if t.arbiter != nil {
		t.arbiter.wake(now)
	}
}

// passes: what a merged source tells is the feed's; in a race another one may
// have what it lacks.
func (t *together) passes(int) bool { return t.merge }

func (t *together) end() {
	for at := t.due(); !at.IsZero(); at = t.due() {
		t.wake(at)
	}
}

func (t *together) stats() ArbiterStats {
	if t.arbiter == nil {
		return ArbiterStats{}
	}
	return t.arbiter.stats
}
