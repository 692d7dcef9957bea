package broker

import (
	"context"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// Publisher publishes what clients send. If it uses a connection of its own, it connects for
// the first message and again after a loss, and its errors do not touch the feed's own
// connection. One goroutine uses it.
type Publisher interface {
	// Publish returns once the broker has taken or refused the message. The end of
	// ctx ends it.
	Publish(ctx context.Context, payload []byte) error
	// Close releases everything that Publish took.
	Close()
}

// Forwards implements driver.Forwarder.
func (b *Base) Forwards() error {
	if b.PublishTo == "" {
		return setting.Errorf("feed: %v is set, but the source URL does not say where to publish clients' messages; add publish=name", driver.SettingUplink)
	}
	return nil
}

// Forward publishes what clients send while the stream lives, in a goroutine of its own.
func (b *Base) Forward(life *Lifeline, p Publisher) {
	if b.Options.Outgoing != nil && b.PublishTo != "" {
		life.Go(func() { b.publishAll(life.ctx, p) }) // ended by the lifeline's End
	}
}

// publishAll publishes what clients send, one message at a time, until ctx ends. If the
// broker does not take a message, its sender gets the error.
func (b *Base) publishAll(ctx context.Context, p Publisher) {
	u := b.Options.Outgoing
	defer p.Close()
	defer u.Join()()
	emit := func(ctx context.Context, _ hub.Kind, payload []byte) error {
		ctx, cancel := context.WithTimeout(ctx, driver.WriteTimeout)
		defer cancel()
		return p.Publish(ctx, payload)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-u.Waiting():
			u.Forward(ctx, m, b.limit.Wait, emit) // the sender gets the error
		}
	}
}
