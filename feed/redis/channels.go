package redis

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
)

// batchSize bounds the channels of one SUBSCRIBE.
const batchSize = 512

// channelSource subscribes to channels and patterns. Redis keeps no history of them, so what
// is published during an outage is lost.
type channelSource struct {
	base
	channels broker.Names
	patterns []string
	demand   driver.Demand
}

var (
	_ driver.Forwarder    = (*channelSource)(nil)
	_ driver.RetryBounded = (*channelSource)(nil)
)

func newChannelSource(d base) (*channelSource, error) {
	q := d.Query
	channels, errChannels := q.All("subscribe")
	patterns, errPatterns := q.All("psubscribe")
	n, errNames := broker.NewNames(channels)
	err := errors.Join(errChannels, errPatterns, errNames, q.Rest("subscribe", "psubscribe", "stream", "from", "publish"))
	if err == nil && len(channels)+len(patterns) == 0 {
		err = errors.New("feed: the source URL does not say what to read from Redis; add ?subscribe=channel, ?psubscribe=pattern* or ?stream=name")
	}
	return &channelSource{base: d, channels: n, patterns: patterns, demand: n.Demand(d.Options.Demand)}, err
}

// Open connects and subscribes, and waits until Redis has confirmed all of it.
func (d *channelSource) Open(ctx context.Context) (driver.Stream, error) {
	opening, cancel := context.WithTimeout(ctx, driver.HandshakeTimeout)
	defer cancel()
	l, client, err := d.connect(opening)
	if err != nil {
		return nil, err
	}
	s := &subscription{source: d, client: client, channels: client.Subscribe(ctx), messages: broker.Messages{Most: d.Options.MaxMessage}}
	if err := d.greet(opening, l, s.subscribe); err != nil {
		l.Close()
		s.drop()
		return nil, err
	}
	d.Granted(ctx)
	s.life = broker.NewLifeline(ctx, l, d.Options.Ping, func() error { return s.channels.Ping(context.Background()) }, nil)
	s.life.Go(func() { broker.FollowDemand(d.demand, s.life, s.change) }) // ended by Close, or with the link
	d.Forward(s.life, &publisher{source: &d.base, command: []any{"publish", d.PublishTo}})
	return s, nil
}

// subscription is one connection that is subscribed. Its own goroutine, FollowDemand,
// subscribes and unsubscribes. The library allows that while Next reads.
type subscription struct {
	// Static after Open.
	source   *channelSource
	client   *redis.Client
	channels *redis.PubSub
	life     *broker.Lifeline

	// Owned by Open, then by Next.
	early    []*redis.Message // came before the subscription was confirmed
	buf      []byte
	messages broker.Messages
}

// subscribe asks for everything that is wanted, and then for a pong. The pong comes when all
// is granted.
func (s *subscription) subscribe() error {
	d, ctx := s.source, context.Background()
	wanted := slices.Concat(d.channels.Fixed, d.channels.Of(d.demand.All()))
	if err := s.batches(wanted, s.channels.Subscribe); err != nil {
		return err
	}
	if err := s.batches(d.patterns, s.channels.PSubscribe); err != nil {
		return err
	}
	if err := s.channels.Ping(ctx); err != nil {
		return err
	}
	for {
		switch reply, err := s.channels.Receive(ctx); reply := reply.(type) {
		case *redis.Pong:
			return nil
		case *redis.Message:
			s.early = append(s.early, reply)
		default:
			if err != nil {
				return err
			}
		}
	}
}

// batches calls do with at most batchSize names at a time.
func (s *subscription) batches(names []string, do func(context.Context, ...string) error) error {
	for batch := range slices.Chunk(names, batchSize) {
		if err := do(context.Background(), batch...); err != nil {
			return err
		}
	}
	return nil
}

func (s *subscription) change(wanted, unwanted []string) error {
	of := s.source.channels.Of
	if err := s.batches(of(wanted), s.channels.Subscribe); err != nil {
		return err
	}
	return s.batches(of(unwanted), s.channels.Unsubscribe)
}

// Next returns the next message. It skips confirmations and pongs.
func (s *subscription) Next() (driver.Event, error) {
	if len(s.early) > 0 {
		m := s.early[0]
		s.early = s.early[1:]
		return s.input(m), nil
	}
	for {
		reply, err := s.channels.Receive(context.Background()) // ended by closing the link
		if err != nil {
			return driver.Event{}, s.explain(err)
		}
		if m, ok := reply.(*redis.Message); ok {
			return s.input(m), nil
		}
	}
}

func (s *subscription) input(m *redis.Message) driver.Event {
	s.buf = append(s.buf[:0], m.Payload...)
	return s.messages.Event(s.source.channels.Key(m.Channel), s.buf, 0)
}

// explain tells a refusal, for example of a channel on demand, from the end of the link.
func (s *subscription) explain(err error) *driver.Failure {
	var refusal redis.Error
	if errors.As(err, &refusal) {
		return s.source.base.explain(err)
	}
	return s.life.Explain(err)
}

// Close ends the subscription and waits for its goroutines.
func (s *subscription) Close() {
	s.life.End()
	s.drop()
}

// drop releases what the library holds. The link is closed before.
func (s *subscription) drop() {
	s.channels.Close()
	s.client.Close()
}
