package driver

import (
	"errors"
	"time"

	"fantail/hub"
	"fantail/hub/setting"
)

// Sender is a stream to which frames can be sent. Without it, rules reply nothing.
type Sender interface {
	Stream
	// Send queues a text frame and never waits. It reports whether there was room.
	// Any goroutine may call it.
	Send(frame string) bool
}

// Resumer is a driver whose next connection goes on where the last one ended.
type Resumer interface {
	Driver
	// Position returns the position behind the last message of a relay. It is empty
	// if the position is not known, or if the source has none. Any goroutine may call
	// it.
	Position() string
	// Forget makes the next connection begin live, with what is new then. It is
	// called while no connection is open.
	Forget()
}

// RetryBounded is a driver whose source is tried again more often than others.
type RetryBounded interface {
	Driver
	// RetryWithin returns the longest wait before the next connection. It is above 0
	// and asked once, before the first connection.
	RetryWithin() time.Duration
}

// Forwarder is a driver whose connections take messages from Options.Outgoing.
type Forwarder interface {
	Driver
	// Forwards returns what the operator has to change before messages can be sent;
	// nil = nothing.
	Forwards() error
}

// Pusher is a driver that is handed its messages.
type Pusher interface {
	Driver
	// Push takes all messages, in their order, or none. It never waits. It owns the
	// messages and their payloads from here on. It sets their kinds: valid UTF-8 is
	// text, all else binary. Their times are set when they are published. Its errors
	// are ErrPushFull and ErrPushTooLarge. Any goroutine may call it.
	Push(messages []hub.Input) error
}

// Errors of Pusher.Push. None of the messages was taken.
var (
	// ErrPushFull means that the feed does not keep up. The same messages may be
	// taken later.
	ErrPushFull = errors.New("feed: more was pushed than can be taken at once")
	// ErrPushTooLarge means that a message is longer than Options.MaxMessage, or that
	// all messages together are longer than what may wait.
	ErrPushTooLarge = setting.Errorf("feed: a pushed message is longer than %v", SettingMaxMessage)
)
