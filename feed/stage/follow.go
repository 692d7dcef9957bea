package stage

import (
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
	"fantail/feed/internal/throttle"
)

// FatalWait is the shortest wait after an answer that a Fatal rule matches. A source that
// refuses something now will also refuse it a second later.
const FatalWait = 5 * time.Minute

// ruledStream holds each message against the rules. One goroutine uses it.
type ruledStream struct {
	driver.Stream
	out   driver.Sender // nil = nothing can be sent
	rules ruleset
	of    *Pipeline
	ended *driver.Failure // what the next call returns; nil = the stream goes on
	full  throttle.Log    // spaces the warnings about replies that are not sent
}

// Next returns the next event. A message that the rules keep from the clients becomes
// DropRule.
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

// apply does what the rule says. Whether the message is relayed is for the caller.
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
		s.ended = driver.Fail(driver.ReasonFatal, "%v says that this answer of the source is fatal: %s. Correct what the source complains about; until then it is tried again every %v",
			rule.named(), redact.Text(payload), FatalWait)
		s.ended.AtLeast = FatalWait
	}
}

// unsent counts a reply that is not sent, and warns at most once per throttle.Every.
func (s *ruledStream) unsent(rule *compiledRule) {
	s.of.unsent.Add(1)
	if n := s.full.Count(time.Now()); n > 0 {
		s.of.cfg.Log.Warn().Int("rule", rule.number).Uint64("replies", n).
			Msg(s.of.cfg.Names.Sprintf("replies were not sent, because too many wait to be sent or one is too long; let fewer messages match in %v, or raise %v", driver.SettingRules, driver.SettingRate))
	}
}
