package feed

import (
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// ErrUplink means that Sending.Uplink is off.
var ErrUplink = setting.Errorf("feed: nothing can be sent to the source, because %v is off", driver.SettingUplink)

// Send gives a message to the first of the source's connections that has time for it. It waits for at
// most driver.OutgoingWait, also while the source reconnects. driver.ErrAway, driver.ErrBusy and
// ErrUplink mean that the message was not sent and never will be. Any other error means the same,
// unless the connection broke while it sent the message. nil means that the connection has taken the
// message; only an answer of the source tells more. The messages of one caller are sent in the order
// of its calls. The payload is copied. Any goroutine may call it.
func (f *Feed) Send(kind hub.Kind, payload []byte) error {
	if f.uplink == nil {
		return ErrUplink
	}
	return f.uplink.Send(kind, payload)
}

// checkUplink returns an error if Sending.Uplink is on and nothing can be sent to the source.
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
