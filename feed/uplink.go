package feed

import (
	"errors"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// ErrUplink tells that Config.Uplink is off.
var ErrUplink = errors.New("feed: Config.Uplink is off")

// Send has a message sent to the source by the first of its connections that has
// time for it. It waits for that, for two seconds at most, over a reconnect too.
// An error, ErrAway, ErrBusy or ErrUplink, means that the message was not sent and will not
// be; so does any other unless the connection broke while it was sent. Without
// an error the connection has taken it; only an answer of the source's says more.
// One caller's messages are sent in the order of its calls. The payload is
// copied. Any goroutine.
func (f *Feed) Send(kind hub.Kind, payload []byte) error {
	if f.uplink == nil {
		return ErrUplink
	}
	return f.uplink.Send(kind, payload)
}

// checkUplink reports an uplink to a source that takes nothing.
func checkUplink(cfg Config, s scheme, d driver.Driver) error {
	if cfg.uplink == nil || d == nil {
		return nil
	}
	f, ok := d.(driver.Forwarder)
	if !ok {
		return setting.Errorf("feed: %v is set, but nothing can be sent to a %s: source; unset it", driver.SettingUplink, s.name)
	}
	return f.Forwards()
}
