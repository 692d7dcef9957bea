package amqp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"fantail/feed/internal/broker"
)

// publisher publishes over a connection of its own, with confirms. A broker that is short of
// memory stops reading from a connection that publishes, and would then not read the feed's
// acknowledgements.
type publisher struct {
	source *exchangeSource

	// Owned by Publish; nil = there is none.
	link    *broker.Link
	conn    *amqp.Connection
	channel *amqp.Channel
	closed  chan *amqp.Error // why the broker closed the channel; closed by the library
}

// Publish implements broker.Publisher.
func (p *publisher) Publish(ctx context.Context, payload []byte) error {
	if err := p.connect(ctx); err != nil {
		p.Close()
		return err
	}
	d, l := p.source, p.link
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	confirm, err := p.channel.PublishWithDeferredConfirmWithContext(ctx, d.exchange, d.Base.PublishTo, false, false, amqp.Publishing{Body: payload})
	taken := false
	if err == nil {
		taken, err = confirm.WaitContext(ctx)
	}
	if err != nil || !taken {
		err = p.explain(err)
		p.Close()
	}
	return err
}

// connect makes the connection and its channel, unless they exist.
func (p *publisher) connect(ctx context.Context) (err error) {
	if p.channel != nil && !p.channel.IsClosed() {
		return nil
	}
	p.Close()
	if p.link, err = p.source.dial(ctx); err != nil {
		return err
	}
	err = p.link.During(ctx, func() (err error) {
		if p.conn, err = p.source.handshake(p.link); err != nil {
			return err
		}
		if p.channel, err = p.conn.Channel(); err != nil {
			return err
		}
		p.closed = p.channel.NotifyClose(make(chan *amqp.Error, 1))
		return p.channel.Confirm(false)
	})
	if err != nil {
		return p.source.explain(err)
	}
	return nil
}

// explain returns why a message was not taken.
func (p *publisher) explain(err error) error {
	select {
	case refusal := <-p.closed:
		if refusal != nil {
			return p.source.explain(refusal)
		}
	default:
	}
	if err == nil {
		return errors.New("the broker did not take the message")
	}
	return fmt.Errorf("the broker did not confirm the message: %w", err)
}

// Close implements broker.Publisher.
func (p *publisher) Close() {
	if p.link != nil {
		goodbye(p.conn, p.link)
	}
	p.link, p.conn, p.channel = nil, nil, nil
}

// dial opens a link to the broker.
func (d *exchangeSource) dial(ctx context.Context) (*broker.Link, error) {
	var secure *tls.Config
	if d.Scheme == "amqps" {
		secure = broker.TLSFor(d.Address, d.Options.TLS)
	}
	return broker.Dial(ctx, d.Address, secure)
}
