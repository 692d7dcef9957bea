package stage

import (
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// ByHash as Messages.ID compares whole messages instead of names.
const ByHash = "hash"

// Identifier says which messages are the same, as Messages.ID asks, and which of them were
// published. Only the goroutine that publishes uses it.
type Identifier struct {
	*dedupe
	keyer *Keyer // nil = by hash
}

// NewIdentifier parses Messages.ID. It returns nil for an empty one.
func NewIdentifier(spec string) (*Identifier, error) {
	if spec == ByHash {
		return &Identifier{dedupe: newDedupe(false, maxIdentities)}, nil
	}
	keyer, err := NewKeyer(spec)
	if keyer == nil {
		if err != nil {
			err = setting.Errorf("feed: %v %w", driver.SettingID, err)
		}
		return nil, err
	}
	return &Identifier{newDedupe(true, maxIdentities), keyer}, nil
}

// Of returns the identity of a message, and whether the message has one.
func (i *Identifier) Of(in *hub.Input) (Identity, bool) {
	if i.keyer == nil {
		return i.identify(in.Payload), true
	}
	name, err := i.keyer.Key(in.Kind, in.Payload)
	return i.identify([]byte(name)), err == nil && name != ""
}

// distinctStream leaves out copies of published messages. One goroutine uses it.
type distinctStream struct {
	driver.Stream
	ids   *Identifier
	share *Share
}

// Next returns the next event. A copy becomes DropCopy.
func (s *distinctStream) Next() (driver.Event, error) {
	ev, err := s.Stream.Next()
	if err != nil || ev.Kind != driver.KindMessage {
		return ev, err
	}
	if id, ok := s.ids.Of(ev.Message); ok && s.share.Seen(id) {
		return driver.Dropped(driver.DropCopy), nil
	}
	return ev, nil
}

// Close ends the connection's share, and closes the stream.
func (s *distinctStream) Close() {
	s.share.Leave()
	s.Stream.Close()
}
