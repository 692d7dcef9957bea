package broker

import (
	"unicode/utf8"

	"fantail/feed/driver"
	"fantail/hub"
)

// Messages makes the messages of a broker's stream. One goroutine uses it.
type Messages struct {
	Most int64 // bytes of a payload
	in   hub.Input
}

// Event returns the event of a payload that came under a name. Valid UTF-8 is text, all else
// is binary. The name is the message's key, unless it is longer than hub.MaxKey or not UTF-8:
// no client could ask for such a key. A payload that is too large is dropped. number is 0 if
// the message has none. The event is valid until the next call.
func (m *Messages) Event(name string, payload []byte, number uint64) driver.Event {
	if int64(len(payload)) > m.Most {
		return driver.Dropped(driver.DropTooLarge)
	}
	m.in = hub.Input{Kind: hub.Text, Payload: payload, Seq: number}
	if !utf8.Valid(payload) {
		m.in.Kind = hub.Binary
	}
	if len(name) <= hub.MaxKey && utf8.ValidString(name) {
		m.in.Key = name
	}
	return driver.Message(&m.in)
}
