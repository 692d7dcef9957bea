package renew

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/retry"
	"fantail/feed/stage"
	"fantail/hub/setting"
)

// Config says when connections are renewed, and who is told of it. The callbacks are called by
// Next and never nil.
type Config struct {
	Age   time.Duration     // age at which the next connection is opened, less up to a tenth; above 0
	IDs   *stage.Identifier // says which messages of two connections are the same; never nil
	Names setting.Namer     // how the log names settings
	Log   zerolog.Logger    // for connections that are replaced or not made

	Failed func(driver.Reason)   // is told of a connection that was replaced or not made
	Lost   func(*driver.Failure) // is told of one that was lost before the next one had all that follows
}

// renewal is a driver whose streams outlive their connections.
type renewal struct {
	source driver.Driver
	cfg    Config
}

// New returns a driver whose streams outlive their connections: when one has
// reached its age, another is opened beside it and takes over.
func New(d driver.Driver, c Config) driver.Driver { return &renewal{d, c} }

// AgeOf returns an age less up to a tenth at random, so that relays that started together do not
// reconnect together.
func AgeOf(most time.Duration) time.Duration { return most - rand.N(most/10+1) }

// Open opens the first connection.
func (r *renewal) Open(ctx context.Context) (driver.Stream, error) {
	s := &stream{cfg: r.cfg, source: r.source, dialled: make(chan dialled), waits: retry.New()}
	s.ctx, s.end = context.WithCancel(ctx)
	first := s.dial()
	if first.err != nil {
		s.end()
		return nil, first.err
	}
	s.active = s.read(first)
	s.change = changeover{ids: r.cfg.IDs, old: s.active.share}
	s.alarm = time.NewTimer(AgeOf(r.cfg.Age))
	return s, nil
}
