// Package setting lets a library speak of its settings without knowing what its
// program calls them.
//
// A library names a setting by the field of its Config, as a [Name]. Its errors and
// log lines hold names, not words. A program that reads the setting from a
// variable, a flag or a file hands in a [Namer], and the text names what an operator
// can change. Without a Namer the text names the field, which a programmer can
// change.
//
//	const KeyName setting.Name = "Messages.Key"
//
//	err := setting.Errorf("feed: %v has %d paths; write at most 16", KeyName, n)
//	err.Error()     // feed: Config.Messages.Key has 20 paths; write at most 16
//	names.Text(err) // feed: FEED_KEY has 20 paths; write at most 16
//
// It owns how such texts are kept and rendered. It knows no setting, no variable,
// and no library of this module.
package setting
