package stage

import (
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// ByHash as Config.ID takes the whole message for its name.
const ByHash = "hash"

// Identifier says which messages are the same, as Config.ID does, and which of
// them were published. One goroutine, that of Run.
type Identifier struct {
	*dedupe
	keyer *Keyer // nil = by hash
}

// NewIdentifier parses a Config.ID; an empty one makes a nil identifier.
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

// Of returns a message's identity, and whether it has one.
func (i *Identifier) Of(in *hub.Input) (Identity, bool) {
	if i.keyer == nil {
		return i.identify(in.Payload), true
	}
	name, err := i.keyer.Key(in.Kind, in.Payload)
	return i.identify([]byte(name)), err == nil && name != ""
}

// distinctStream leaves out copies of what was published. One goroutine.
type distinctStream struct {
	driver.Stream
	ids   *Identifier
	share *Share
}

// Next returns the next event, or DropCopy in the place of a copy.
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

func (s *distinctStream) Close() {
	s.share.Leave()
	s.Stream.Close()
}
