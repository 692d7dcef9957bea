package stage

import (
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
	"fantail/feed/internal/throttle"
)

// FatalWait is how long a source is left alone that answered what a Fatal rule
// matches, at least: what it refuses now, it will refuse in a second too.
const FatalWait = 5 * time.Minute

// ruledStream holds each message against the rules. One goroutine.
type ruledStream struct {
	driver.Stream
	out   driver.Sender // nil = nothing can be sent
	rules ruleset
	of    *Pipeline
	ended *driver.Failure // what the next call returns
	full  throttle.Log    // of replies that find no room
}

// Next returns the next event, with DropRule in the place of a message that the rules
// keep from the clients.
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
	s.apply(rule, payload, at)
	switch {
	case rule.Relay:
		return ev, nil
	case s.ended != nil:
		return driver.Event{}, s.ended
	}
	return driver.Dropped(driver.DropRule), nil
}

// apply does what the rule says, except to relay or drop the message.
func (s *ruledStream) apply(rule *compiledRule, payload []byte, at []int) {
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
			rule.named(), redact.Text(payload), FatalWait)
		s.ended.AtLeast = FatalWait
	}
}

// unsent counts a reply that is not sent, and warns now and then.
func (s *ruledStream) unsent(rule *compiledRule) {
	s.of.unsent.Add(1)
	if n := s.full.Count(time.Now()); n > 0 {
		s.of.cfg.Log.Warn().Int("rule", rule.number).Uint64("replies", n).
			Msg(s.of.cfg.Names.Sprintf("replies were not sent, as too many wait to be sent or one is too long; let fewer messages match in %v, or raise %v", driver.SettingRules, driver.SettingRate))
	}
}
