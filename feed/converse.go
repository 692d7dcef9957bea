package feed

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
	"fantail/feed/internal/throttle"
	"fantail/hub/setting"
)

// fatalWait is how long a source is left alone that answered what a Fatal rule
// matches, at least: what it refuses now, it will refuse in a second too.
const fatalWait = 5 * time.Minute

// conversation is a driver whose connections follow Config.Split and
// Config.Rules. It owns what is the same for all kinds of source between the
// wire and the feed.
type conversation struct {
	driver.Driver
	split  Split
	rules  func() ([]Rule, error)
	cursor *cursor // nil = none
	names  setting.Namer
	log    zerolog.Logger

	latest  atomic.Pointer[rules]   // of the present connection
	matched [maxRules]atomic.Uint64 // messages by rule
	unsent  atomic.Uint64           // replies for which there was no room
}

// Open connects. The rules are read first, as they may stand in a file.
func (c *conversation) Open(ctx context.Context) (driver.Stream, error) {
	rs, err := c.readRules()
	if err != nil {
		return nil, driver.Fail(driver.ReasonConfig, "%v: %w", driver.SettingRules, err)
	}
	s, err := c.Driver.Open(ctx)
	if err != nil {
		return nil, err
	}
	out, _ := s.(driver.Sender)
	if c.split != SplitNone {
		s = &splitStream{Stream: s, cut: c.split.cutter()}
	}
	if len(rs) > 0 {
		s = &ruledStream{Stream: s, out: out, rules: rs, of: c}
	}
	if c.cursor != nil {
		s = &notingStream{s, c.cursor}
	}
	return s, nil
}

func (c *conversation) readRules() (rules, error) {
	if c.rules == nil {
		return nil, nil
	}
	list, err := c.rules()
	if err != nil {
		return nil, err
	}
	rs, err := compileRules(list)
	if err == nil {
		c.latest.Store(&rs)
	}
	return rs, err
}

// ruledStream holds each message against the rules. One goroutine.
type ruledStream struct {
	driver.Stream
	out   driver.Sender // nil = nothing can be sent
	rules rules
	of    *conversation
	ended *driver.Failure // what the next call returns
	full  throttle.Log    // of replies that find no room
}

// Next returns the next message that the rules leave to the clients, or
// DropRule in the place of one that they do not.
func (s *ruledStream) Next() (driver.Event, error) {
	if s.ended != nil {
		return driver.Event{}, s.ended
	}
	ev, err := s.Stream.Next()
	if err != nil || ev.Kind != driver.KindMessage {
		return ev, err
	}
	payload := ev.Message.Payload
	rule, at := s.rules.find(payload)
	if rule == nil {
		return ev, nil
	}
	s.of.matched[rule.number-1].Add(1)
	s.obey(rule, payload, at)
	switch {
	case rule.Relay:
		return ev, nil
	case s.ended != nil:
		return driver.Event{}, s.ended
	}
	return driver.Dropped(driver.DropRule), nil
}

// obey does what the rule says, except to relay or drop the message.
func (s *ruledStream) obey(rule *compiledRule, payload []byte, at []int) {
	switch rule.Do {
	case Reply:
		for _, template := range rule.Send {
			frame, short := rule.expand(template, payload, at)
			if !short || s.out == nil || !s.out.Send(frame) {
				s.unsent(rule)
			}
		}
	case Reconnect:
		s.ended = driver.Fail(driver.ReasonRule, "%v asks for another connection: %s", rule.named(), redact.Text(payload))
	case Fatal:
		s.ended = driver.Fail(driver.ReasonFatal, "%v says that this answer of the source is fatal: %s. Correct what it complains of; until then it is tried again every %v",
			rule.named(), redact.Text(payload), fatalWait)
		s.ended.AtLeast = fatalWait
	}
}

// unsent counts a reply that is not sent, and warns now and then.
func (s *ruledStream) unsent(rule *compiledRule) {
	s.of.unsent.Add(1)
	if n := s.full.Count(time.Now()); n > 0 {
		s.of.log.Warn().Int("rule", rule.number).Uint64("replies", n).
			Msg(s.of.names.Sprintf("replies were not sent, as too many wait to be sent or one is too long; let fewer messages match in %v, or raise %v", driver.SettingRules, driver.SettingRate))
	}
}

// RuleStats says how often a rule matched.
type RuleStats struct {
	Do       Action
	Match    string
	Send     []string // the templates, with what may be secret replaced
	Messages uint64
}

// stats returns the figures of the present connection's rules. Any goroutine.
func (c *conversation) stats() []RuleStats {
	rs := c.latest.Load()
	if rs == nil {
		return nil
	}
	var all []RuleStats
	for i, r := range *rs {
		sends := slices.Clone(r.Send)
		for i, send := range sends {
			sends[i] = redact.Frame(send)
		}
		all = append(all, RuleStats{r.Do, r.Match, sends, c.matched[i].Load()})
	}
	return all
}

// checkRules reports what is wrong with Config.Rules at the start. A source that
// nothing can be sent to cannot be replied to.
func checkRules(cfg Config, s scheme) error {
	if cfg.Messages.Rules == nil {
		return nil
	}
	list, err := cfg.Messages.Rules()
	if err != nil {
		return setting.Errorf("feed: %v: %w", driver.SettingRules, err)
	}
	rs, err := compileRules(list)
	switch {
	case err != nil:
		return setting.Errorf("feed: %v: %w", driver.SettingRules, err)
	case rs.replies() && !s.sends:
		return setting.Errorf(`feed: %v: nothing can be sent to a %s: source; take the rules with "do":"reply" away`, driver.SettingRules, s.name)
	}
	return nil
}

// checkSending reports settings that want to send where nothing can be sent.
func checkSending(cfg Config, s scheme) error {
	var bad []error
	if cfg.Sending.PingText != "" && !s.sends {
		bad = append(bad, setting.Errorf("feed: %v is set, but nothing can be sent to a %s: source; unset it", driver.SettingPingText, s.name))
	}
	return errors.Join(append(bad, checkRules(cfg, s))...)
}
