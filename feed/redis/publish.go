package redis

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"fantail/feed/internal/broker"
)

// publisher publishes to Redis over a connection of its own, because a connection that
// subscribes, or waits for a stream, takes no other command.
type publisher struct {
	source  *base
	command []any // the message is its last argument

	// Owned by Publish; nil = there is no connection.
	link   *broker.Link
	client *redis.Client
}

// Publish implements broker.Publisher.
func (p *publisher) Publish(ctx context.Context, payload []byte) error {
	if p.client == nil {
		if err := p.connect(ctx); err != nil {
			return err
		}
	}
	l := p.link
	stop := context.AfterFunc(ctx, func() { l.Close() }) // the library ignores ctx
	defer stop()
	err := p.client.Do(ctx, append(p.command, payload)...).Err()
	if _, refused := errors.AsType[redis.Error](err); refused {
		return p.source.explain(err)
	}
	if err != nil {
		p.Close()
	}
	return err
}

func (p *publisher) connect(ctx context.Context) (err error) {
	if p.link, p.client, err = p.source.connect(ctx); err != nil {
		return err
	}
	err = p.source.greet(ctx, p.link, func() error { return p.client.Ping(ctx).Err() })
	if err != nil {
		p.Close()
	}
	return err
}

// Close implements broker.Publisher.
func (p *publisher) Close() {
	if p.client != nil {
		p.link.Close()
		p.client.Close()
	}
	p.link, p.client = nil, nil
}
