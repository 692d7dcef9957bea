package amqp

import (
	"errors"
	"io"
	"net"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
	"fantail/feed/internal/redact"
)

// stream is one connection whose queue is delivered. The library reads in goroutines of its
// own. FollowDemand binds and unbinds, in a goroutine of the stream.
type stream struct {
	// Static after Open.
	source     *exchangeSource
	life       *broker.Lifeline
	conn       *amqp.Connection
	channel    *amqp.Channel
	queue      string               // named by the broker
	deliveries <-chan amqp.Delivery // closed by the library with the channel
	closed     chan *amqp.Error     // one slot; closed by the library with the channel

	// Owned by Next.
	last     uint64 // delivery tag of the last message that was taken
	unacked  int    // messages taken since the last acknowledgement
	tick     *time.Ticker
	messages broker.Messages
}

// handshake performs the library's handshake over an open link.
func (d *exchangeSource) handshake(l *broker.Link) (*amqp.Connection, error) {
	// The library gets no deadlines of the link. It would use them to end a silent
	// connection, and the lifeline does that.
	return amqp.Open(struct{ io.ReadWriteCloser }{l}, amqp.Config{
		SASL:       []amqp.Authentication{&amqp.PlainAuth{Username: d.User, Password: d.Password}},
		Vhost:      d.Path,
		Heartbeat:  d.heartbeat(),
		FrameSize:  frameSize,
		Locale:     "en_US",
		Properties: amqp.Table{"product": "fantail", "connection_name": "fantail"},
	})
}

// start performs the handshake over an open link, makes and binds the queue, and asks for its
// messages.
func (s *stream) start(l *broker.Link) (err error) {
	d := s.source
	if s.conn, err = d.handshake(l); err != nil {
		return err
	}
	if err := s.checkExchange(); err != nil {
		return err
	}
	if s.channel, err = s.conn.Channel(); err != nil {
		return err
	}
	s.closed = s.channel.NotifyClose(make(chan *amqp.Error, 1))
	if err := s.channel.Qos(prefetch, 0, false); err != nil {
		return err
	}
	q, err := s.channel.QueueDeclare("", false, true, true, false, nil) // exclusive: it ends with the connection
	if err != nil {
		return err
	}
	s.queue = q.Name
	for _, key := range d.bind.Fixed {
		if err := s.channel.QueueBind(s.queue, key, d.exchange, false, nil); err != nil {
			return err
		}
	}
	if err := s.want(d.of(d.demand.All())); err != nil {
		return s.refusal(err)
	}
	s.deliveries, err = s.channel.Consume(s.queue, "", false, true, false, false, nil)
	return err
}

// checkExchange checks that the exchange exists and has the type that is wanted, or makes the
// exchange. A refusal closes the channel, so each question has a channel of its own.
func (s *stream) checkExchange() error {
	d := s.source
	err := s.ask(func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(d.exchange, "direct", false, false, false, false, nil) // asks for the name only
	})
	refusal, _ := errors.AsType[*amqp.Error](err)
	missing := refusal != nil && refusal.Code == amqp.NotFound
	if d.kind == "" || err != nil && !missing {
		return err
	}
	err = s.ask(func(ch *amqp.Channel) error {
		return ch.ExchangeDeclare(d.exchange, d.kind, true, false, false, false, nil)
	})
	refusal, _ = errors.AsType[*amqp.Error](err)
	if refusal != nil && refusal.Code == amqp.PreconditionFailed && !strings.Contains(refusal.Reason, "'type'") {
		return nil // it exists and has that type, although it is not durable
	}
	return err
}

func (s *stream) ask(question func(*amqp.Channel) error) error {
	ch, err := s.conn.Channel()
	if err != nil {
		return err
	}
	defer ch.Close()
	return question(ch)
}

// want binds keys. It does not wait for an answer to each, because that would take one round
// trip for each key. It asks one question after them, and its answer comes when all are bound.
func (s *stream) want(keys []string) error {
	for _, key := range keys {
		if err := s.channel.QueueBind(s.queue, key, s.source.exchange, true, nil); err != nil {
			return err
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return s.channel.Qos(prefetch, 0, false)
}

// refusal returns why the broker closed the channel, if err only says that it is closed. It is
// called only before Next, which reads from closed too.
func (s *stream) refusal(err error) error {
	if !errors.Is(err, amqp.ErrClosed) {
		return err
	}
	if refusal := <-s.closed; refusal != nil {
		return refusal
	}
	return err
}

func (s *stream) unbind(keys []string) error {
	for _, key := range keys {
		if err := s.channel.QueueUnbind(s.queue, key, s.source.exchange, nil); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) change(wanted, unwanted []string) error {
	return errors.Join(s.want(s.source.of(wanted)), s.unbind(s.source.of(unwanted)))
}

// Next returns the next message. Messages that were taken are acknowledged many at a time, and
// the last of them within a second, because a broker gives up a consumer that leaves messages
// unacknowledged for long.
func (s *stream) Next() (driver.Event, error) {
	for {
		select {
		case m, ok := <-s.deliveries:
			if !ok {
				return driver.Event{}, s.explain(nil)
			}
			return s.take(m)
		case <-s.tick.C:
			if err := s.acknowledge(1); err != nil {
				return driver.Event{}, s.explain(err)
			}
		}
	}
}

func (s *stream) take(m amqp.Delivery) (driver.Event, error) {
	s.last = m.DeliveryTag
	s.unacked++
	if err := s.acknowledge(acknowledgeEvery); err != nil {
		return driver.Event{}, s.explain(err)
	}
	return s.messages.Event(s.source.bind.Key(m.RoutingKey), m.Body, 0), nil
}

// acknowledge acknowledges the messages that were taken, if there are at least so many.
func (s *stream) acknowledge(least int) error {
	if s.unacked < least {
		return nil
	}
	s.unacked = 0
	return s.channel.Ack(s.last, true)
}

// explain returns why nothing can be read any more: the queue is gone, the broker closed the
// channel, or the link ended. The library reports a closed channel before it closes
// deliveries.
func (s *stream) explain(err error) *driver.Failure {
	var refusal *amqp.Error
	select {
	case refusal = <-s.closed:
	default:
		if err == nil {
			return driver.Fail(driver.ReasonLost, "the broker stopped delivering: the relay's queue was deleted")
		}
	}
	switch {
	case refusal != nil && refusal.Server:
		return driver.Fail(driver.ReasonClosed, "the broker closed the channel with %d %q", refusal.Code, redact.Clean(refusal.Reason))
	case refusal != nil:
		err = refusal
	case err == nil:
		err = net.ErrClosed
	}
	return s.life.Explain(err)
}

// leave says goodbye and closes the link.
func (s *stream) leave(l *broker.Link) { goodbye(s.conn, l) }

// goodbye says goodbye, because a broker logs a warning otherwise, and closes the link. It
// takes at most driver.CloseTimeout. conn may be nil.
func goodbye(conn *amqp.Connection, l *broker.Link) {
	late := time.AfterFunc(driver.CloseTimeout, func() { l.Close() })
	defer late.Stop()
	if conn != nil {
		conn.Close()
	}
	l.Close()
}

// Close drops the connection.
func (s *stream) Close() {
	s.tick.Stop()
	s.life.End()
	s.conn.Close() // waits for the library's goroutines; the link is closed
}
