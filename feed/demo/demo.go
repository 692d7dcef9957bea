package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fantail/feed/driver"
	"fantail/hub"
)

const (
	meanRate = 50          // messages a second, if the URL has no rate
	minRate  = 1.0 / 3600  // messages a second; a lower rate counts as this one
	maxRate  = 1e6         // messages a second; a higher rate is an error
	maxLag   = time.Second // after a longer delay the missed messages are skipped
)

// source is the driver of demo:.
type source struct {
	seed uint64
	rate float64 // messages a second
}

// New returns the driver of a market that is made up.
func New(o driver.Options) (driver.Driver, error) {
	rest, query, err := driver.SplitLocal(o.URL)
	if err != nil {
		return nil, err
	}
	var bad []error
	if rest != "" {
		bad = append(bad, fmt.Errorf("feed: the source URL has %.40q behind demo:; write demo: or demo:?seed=1&rate=50", rest))
	}
	seed, errSeed := query.Seed("seed", 1)
	rate, errRate := query.Positive("rate", meanRate, maxRate)
	return &source{seed, max(rate, minRate)}, errors.Join(append(bad, errSeed, errRate, query.Rest("seed", "rate"))...)
}

// Open starts the market's first day.
func (d *source) Open(ctx context.Context) (driver.Stream, error) {
	return &stream{
		ctx:    ctx,
		due:    time.Now(),
		rhythm: newRhythm(d.seed, d.rate),
		market: newMarket(d.seed, d.rate),
	}, nil
}

// stream returns the market's messages at the pace of its day. One goroutine uses it.
type stream struct {
	ctx    context.Context
	due    time.Time // time of the next message
	rhythm *rhythm
	market *market
	in     hub.Input
}

// Next waits until the next message is due, and makes it.
func (s *stream) Next() (driver.Event, error) {
	now := time.Now()
	if now.Sub(s.due) > maxLag {
		s.due = now // the machine slept
	}
	if !driver.Sleep(s.ctx, s.due.Sub(now)) {
		return driver.Event{}, s.ctx.Err()
	}
	s.due = s.due.Add(s.rhythm.next())
	s.in.Payload, s.in.Key = s.market.append(s.in.Payload[:0], time.Now())
	return driver.Message(&s.in), nil
}

// Close does nothing: nothing is open.
func (s *stream) Close() {}
