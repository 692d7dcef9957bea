package driver

import (
	"errors"
	"time"

	"fantail/hub"
	"fantail/hub/setting"
)

// Sender is a stream over which frames can be sent. Without it rules reply nothing.
type Sender interface {
	Stream
	// Send queues a text frame and never waits. It reports whether there was room.
	// Any goroutine.
	Send(frame string) bool
}

// Resumer is a driver whose next connection goes on where the last one ended.
type Resumer interface {
	Driver
	// Position returns where the feed of a relay stands that is resumed; empty if
	// that is not known, or if the source has no positions. Any goroutine.
	Position() string
	// Forget has the next connection begin live, with what is new then. It is called
	// while no connection is open.
	Forget()
}

// RetryBounded is a driver whose source is to be tried again more often than others.
type RetryBounded interface {
	Driver
	// RetryWithin returns the longest wait before the next connection.
	RetryWithin() time.Duration
}

// Forwarder is a driver whose connections take from Options.Outgoing.
type Forwarder interface {
	Driver
	// Forwards returns what is to be changed before it can; nil = nothing.
	Forwards() error
}

// Pusher is a driver that is handed its messages.
type Pusher interface {
	Driver
	// Push takes messages, in their order and all or none, and never waits. It owns
	// them from here on, finds out their kinds, and leaves their times to whoever
	// publishes them. Errors: ErrPushFull, ErrPushTooLarge. Any goroutine.
	Push(messages []hub.Input) error
}

// Errors of Pusher.Push. None of the messages was taken.
var (
	// ErrPushFull tells that the feed does not keep up; later it may.
	ErrPushFull = errors.New("feed: more was pushed than can be taken at once")
	// ErrPushTooLarge tells that a message is longer than Options.MaxMessage, or all
	// together longer than what may wait.
	ErrPushTooLarge = setting.Errorf("feed: a pushed message is longer than %v", SettingMaxMessage)
)
