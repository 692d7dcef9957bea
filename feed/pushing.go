package feed

import (
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// ErrNoPush means that no source takes pushed messages.
var ErrNoPush = setting.Errorf("feed: %v names no source that takes pushed messages", driver.SettingURL)

// Push hands messages to the source push:, in their order, all or none. It never waits. The payloads
// belong to the feed from here on. The feed sets the kinds (valid UTF-8 is text) and the times, which
// are those of publishing. Errors are driver.ErrPushFull, driver.ErrPushTooLarge and ErrNoPush. Any
// goroutine may call it.
func (f *Feed) Push(messages []hub.Input) error {
	for _, s := range f.sources {
		if d, ok := s.origin.(driver.Pusher); ok {
			return d.Push(messages)
		}
	}
	return ErrNoPush
}
