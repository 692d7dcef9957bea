package feedtest

import "fantail/feed/stage"

// Rules returns the Messages.Rules of a feed.Config that stand in a JSON text.
func Rules(text string) func() ([]stage.Rule, error) {
	return func() ([]stage.Rule, error) { return stage.ParseRules([]byte(text)) }
}
