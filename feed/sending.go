package feed

import (
	"errors"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub/setting"
)

// checkRules returns what is wrong with Messages.Rules at the start. Replies need a source to which
// frames can be sent.
func checkRules(cfg Config, s scheme) error {
	if cfg.Messages.Rules == nil {
		return nil
	}
	list, err := cfg.Messages.Rules()
	if err != nil {
		return setting.Errorf("feed: %v: %w", driver.SettingRules, err)
	}
	err = stage.CheckRules(list)
	switch {
	case err != nil:
		return setting.Errorf("feed: %v: %w", driver.SettingRules, err)
	case stage.Replies(list) && !s.sends:
		return setting.Errorf(`feed: %v: nothing can be sent to a %s: source; remove the rules with "do":"reply"`, driver.SettingRules, s.name)
	}
	return nil
}

// checkSending returns an error for each setting that sends something to a source that takes nothing.
func checkSending(cfg Config, s scheme) error {
	var bad []error
	if cfg.Sending.PingText != "" && !s.sends {
		bad = append(bad, setting.Errorf("feed: %v is set, but nothing can be sent to a %s: source; unset it", driver.SettingPingText, s.name))
	}
	return errors.Join(append(bad, checkRules(cfg, s))...)
}
