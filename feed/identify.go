package feed

import (
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// byHash as Config.ID takes the whole message for its name.
const byHash = "hash"

// identifier says which messages are the same, as Config.ID does, and which of
// them were published. One goroutine, that of Run.
type identifier struct {
	*dedupe
	keyer *keyer // nil = by hash
}

// newIdentifier parses a Config.ID; an empty one makes a nil identifier.
func newIdentifier(spec string) (*identifier, error) {
	if spec == byHash {
		return &identifier{dedupe: newDedupe(false, maxIdentities)}, nil
	}
	keyer, err := newKeyer(spec)
	if keyer == nil {
		if err != nil {
			err = setting.Errorf("feed: %v %w", driver.SettingID, err)
		}
		return nil, err
	}
	return &identifier{newDedupe(true, maxIdentities), keyer}, nil
}

// of returns a message's identity, and whether it has one.
func (i *identifier) of(in *hub.Input) (identity, bool) {
	if i.keyer == nil {
		return i.identify(in.Payload), true
	}
	name, err := i.keyer.key(in.Kind, in.Payload)
	return i.identify([]byte(name)), err == nil && name != ""
}

// distinctStream leaves out copies of what was published. One goroutine.
type distinctStream struct {
	driver.Stream
	ids  *identifier
	line *line
}

// Next returns the next event, or DropCopy in the place of a copy.
func (s *distinctStream) Next() (driver.Event, error) {
	ev, err := s.Stream.Next()
	if err != nil || ev.Kind != driver.KindMessage {
		return ev, err
	}
	if id, ok := s.ids.of(ev.Message); ok && s.line.seen(id) {
		return driver.Dropped(driver.DropCopy), nil
	}
	return ev, nil
}

func (s *distinctStream) Close() {
	s.line.leave()
	s.Stream.Close()
}
