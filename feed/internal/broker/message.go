package broker

import (
	"unicode/utf8"

	"fantail/feed/driver"
	"fantail/hub"
)

// Messages makes the messages of a broker's stream. One goroutine.
type Messages struct {
	Most int64 // bytes of a payload
	in   hub.Input
}

// Event makes a message of what came under a name: valid UTF-8 is text. Its key is
// that name, unless no client could ask for it. One that is too large is dropped.
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
