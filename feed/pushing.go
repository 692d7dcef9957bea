package feed

import (
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// ErrNoPush tells that no source takes messages.
var ErrNoPush = setting.Errorf("feed: %v names no source that takes pushed messages", driver.SettingURL)

// Push hands messages to a source push:, in their order and all or none. It never
// waits. The payloads belong to the feed from here on; their kind is found out,
// and their time is that of publishing. Errors: driver.ErrPushFull,
// driver.ErrPushTooLarge, ErrNoPush. Any goroutine.
func (f *Feed) Push(messages []hub.Input) error {
	for _, s := range f.sources {
		if d, ok := s.origin.(driver.Pusher); ok {
			return d.Push(messages)
		}
	}
	return ErrNoPush
}
