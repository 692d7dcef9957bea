package broker

import (
	"context"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// Publisher publishes over a connection that it makes when it is first needed,
// and anew when that is lost: the feed's own connection is not touched by what
// becomes of it. One goroutine.
type Publisher interface {
	// Publish returns once the broker has the message, or has refused it. The
	// end of ctx ends it.
	Publish(ctx context.Context, payload []byte) error
	// Close gives up what it holds.
	Close()
}

// Forwards implements Forwarder.
func (b *Base) Forwards() error {
	if b.PublishTo == "" {
		return setting.Errorf("feed: %v is set, but the source URL does not say where to; add publish= with the name under which clients' messages are to be published", driver.SettingUplink)
	}
	return nil
}

// Forward has what clients send published as long as a stream lives, in a
// goroutine of its own.
func (b *Base) Forward(life *Lifeline, p Publisher) {
	if b.Options.Outgoing != nil && b.PublishTo != "" {
		life.Go(func() { b.publishAll(life.ctx, p) }) // ended by the lifeline's end
	}
}

// publishAll publishes what clients send, one message at a time, until ctx ends.
// A message that the broker does not take is its sender's to hear of.
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
			u.Forward(ctx, m, b.limit.Wait, emit) // its sender has the error
		}
	}
}
