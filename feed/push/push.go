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
	// pushBatches and pushMessages of the longest kind are what waits to be
	// published at most: the feed takes from the queue as fast as it can
	// publish, so a full queue is a flood.
	maxBatches = 1024
	largest    = 2
	// pushCost is what a waiting message takes beside its payload, and pushLines
	// of them fit at least, however short they are.
	messageCost = 128
	leastLines  = 1 << 16
)

// source is a source that is told its messages by Feed.Push: push:.
type source struct {
	// Static after newPush.
	max   int64            // bytes of one message
	room  int64            // bytes that may wait
	queue chan []hub.Input // never closed

	queued atomic.Int64 // bytes that wait

	// Owned by next. What was taken outlives a connection that a rule ends.
	batch []hub.Input // what is left of the present one
}

var _ driver.Pusher = (*source)(nil)

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

// Push implements Pusher.
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

// sizeOf is what a message counts while it waits.
func sizeOf(m *hub.Input) int64 { return int64(len(m.Payload)) + messageCost }

// Open has nothing to connect to.
func (d *source) Open(ctx context.Context) (driver.Stream, error) {
	return &stream{ctx: ctx, source: d}, nil
}

// stream takes from the queue. One goroutine.
type stream struct {
	ctx    context.Context
	source *source
}

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

func (s *stream) Close() {}
