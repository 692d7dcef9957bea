package push

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"unicode/utf8"

	"fantail/feed/driver"
	"fantail/hub"
)

const (
	// maxBatches is how many calls of Push may wait. The feed takes from the queue as
	// fast as it publishes, so a full queue means a flood.
	maxBatches = 1024
	// largest is how many messages of the longest kind may wait.
	largest = 2
	// messageCost is how many bytes a waiting message counts beside its payload.
	messageCost = 128
	// leastLines is how many empty messages fit in addition, so that many short messages
	// can wait.
	leastLines = 1 << 16
)

// source is the driver of push:. Feed.Push hands it messages.
type source struct {
	// Static after New.
	max   int64            // bytes of one message
	room  int64            // bytes that may wait
	queue chan []hub.Input // never closed

	queued atomic.Int64 // bytes that wait

	// Owned by Next. It outlives a connection that a rule ends.
	batch []hub.Input // the rest of the present batch
}

var _ driver.Pusher = (*source)(nil)

// New returns the driver of messages that are pushed.
func New(o driver.Options) (driver.Driver, error) {
	rest, query, err := driver.SplitLocal(o.URL)
	if err != nil {
		return nil, err
	}
	var bad error
	if rest != "" {
		bad = fmt.Errorf("feed: the source URL has %.40q behind push:; write push: alone", rest)
	}
	d := &source{max: o.MaxMessage, room: largest*o.MaxMessage + leastLines*messageCost, queue: make(chan []hub.Input, maxBatches)}
	return d, errors.Join(bad, query.Rest())
}

// Push implements driver.Pusher.
func (d *source) Push(messages []hub.Input) error {
	size := int64(0)
	for i := range messages {
		m := &messages[i]
		if int64(len(m.Payload)) > d.max {
			return driver.ErrPushTooLarge
		}
		size += sizeOf(m)
		m.Kind = hub.Text
		if !utf8.Valid(m.Payload) {
			m.Kind = hub.Binary
		}
	}
	if size > d.room {
		return driver.ErrPushTooLarge
	}
	if d.queued.Add(size) > d.room {
		d.queued.Add(-size)
		return driver.ErrPushFull
	}
	select {
	case d.queue <- messages:
		return nil
	default:
		d.queued.Add(-size)
		return driver.ErrPushFull
	}
}

// sizeOf returns how many bytes a message counts while it waits.
func sizeOf(m *hub.Input) int64 { return int64(len(m.Payload)) + messageCost }

// Open has nothing to connect to.
func (d *source) Open(ctx context.Context) (driver.Stream, error) {
	return &stream{ctx: ctx, source: d}, nil
}

// stream takes from the queue. One goroutine uses it.
type stream struct {
	ctx    context.Context
	source *source
}

// Next returns the next message that was pushed.
func (s *stream) Next() (driver.Event, error) {
	d := s.source
	for len(d.batch) == 0 {
		select {
		case d.batch = <-d.queue:
		case <-s.ctx.Done():
			return driver.Event{}, s.ctx.Err()
		}
	}
	m := &d.batch[0]
	d.batch = d.batch[1:]
	d.queued.Add(-sizeOf(m))
	return driver.Message(m), nil
}

// Close does nothing: what waits is kept for the next stream.
func (s *stream) Close() {}
