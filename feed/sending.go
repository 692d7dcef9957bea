package feed

import (
	"errors"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub/setting"
)

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
	err = stage.CheckRules(list)
	switch {
	case err != nil:
		return setting.Errorf("feed: %v: %w", driver.SettingRules, err)
	case stage.Replies(list) && !s.sends:
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
