package stage

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
	"fantail/hub/setting"
)

// Config says what is done to each message. The zero value does nothing.
type Config struct {
	Split  Split                  // SplitNone = nothing is split
	Rules  func() ([]Rule, error) // called for each connection; nil = none
	Cursor *Cursor                // nil = none
	IDs    *Identifier            // drops copies; nil = none are dropped
	Names  setting.Namer          // how the log names settings
	Log    zerolog.Logger         // for replies that are not sent
}

// Pipeline is a driver whose messages go through the stages, whatever its source is. Any
// goroutine may ask for its figures.
type Pipeline struct {
	source driver.Driver
	cfg    Config

	latest  atomic.Pointer[ruleset] // of the present connection
	matched [maxRules]atomic.Uint64 // messages by rule
	unsent  atomic.Uint64           // replies that were not sent
}

// New returns a driver that puts the stages behind d.
func New(d driver.Driver, c Config) *Pipeline { return &Pipeline{source: d, cfg: c} }

// connection is what the stages know of an open connection.
type connection struct {
	sender driver.Sender // nil = nothing can be sent
	rules  ruleset
}

// stage wraps a stream, or returns it as it is if nothing asks for the stage.
type stage func(driver.Stream, connection) driver.Stream

// stages returns all stages in the order in which a message meets them.
func (p *Pipeline) stages() []stage {
	return []stage{
		p.splitMessages, // a message becomes several
		p.followRules,   // messages of the protocol are answered, and kept from the feed
		p.noteCursor,    // the cursor is remembered for the next connection
		p.dropCopies,    // copies are dropped
	}
}

// Open reads the rules, which may stand in a file, and connects.
func (p *Pipeline) Open(ctx context.Context) (driver.Stream, error) {
	rs, err := p.readRules()
	if err != nil {
		return nil, driver.Fail(driver.ReasonConfig, "%v: %w", driver.SettingRules, err)
	}
	s, err := p.source.Open(ctx)
	if err != nil {
		return nil, err
	}
	sender, _ := s.(driver.Sender)
	for _, stage := range p.stages() {
		s = stage(s, connection{sender, rs})
	}
	return s, nil
}

func (p *Pipeline) readRules() (ruleset, error) {
	if p.cfg.Rules == nil {
		return nil, nil
	}
	list, err := p.cfg.Rules()
	if err != nil {
		return nil, err
	}
	rs, err := compileRules(list)
	if err == nil {
		p.latest.Store(&rs)
	}
	return rs, err
}

func (p *Pipeline) splitMessages(s driver.Stream, _ connection) driver.Stream {
	if p.cfg.Split == SplitNone {
		return s
	}
	return &splitStream{Stream: s, cut: p.cfg.Split.cutter()}
}

func (p *Pipeline) followRules(s driver.Stream, c connection) driver.Stream {
	if len(c.rules) == 0 {
		return s
	}
	return &ruledStream{Stream: s, out: c.sender, rules: c.rules, of: p}
}

func (p *Pipeline) noteCursor(s driver.Stream, _ connection) driver.Stream {
	if p.cfg.Cursor == nil {
		return s
	}
	return &cursorStream{s, p.cfg.Cursor}
}

func (p *Pipeline) dropCopies(s driver.Stream, _ connection) driver.Stream {
	if p.cfg.IDs == nil {
		return s
	}
	return &distinctStream{s, p.cfg.IDs, p.cfg.IDs.Join()}
}

// Forget clears the cursor, so that the next connection begins where the URL without a
// cursor says. It is called while no connection is open.
func (p *Pipeline) Forget() {
	if p.cfg.Cursor != nil {
		p.cfg.Cursor.last.Store(nil)
	}
}

// RuleStats says how often a rule matched.
type RuleStats struct {
	Do       Action   // as in Rule
	Match    string   // as in Rule
	Send     []string // the templates, with *** for what may be secret
	Messages uint64   // messages that the rule matched
}

// Rules returns the figures of the rules of the present connection; nil = there are none.
// Any goroutine may call it.
func (p *Pipeline) Rules() []RuleStats {
	rs := p.latest.Load()
	if rs == nil {
		return nil
	}
	var all []RuleStats
	for i, r := range *rs {
		sends := slices.Clone(r.Send)
		for i, send := range sends {
			sends[i] = redact.Frame(send)
		}
		all = append(all, RuleStats{r.Do, r.Match, sends, p.matched[i].Load()})
	}
	return all
}

// Unsent returns the number of replies that were not sent, because the queue was full or
// the reply too long. Any goroutine may call it.
func (p *Pipeline) Unsent() uint64 { return p.unsent.Load() }
