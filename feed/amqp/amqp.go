package amqp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
	"fantail/feed/internal/redact"
)

const (
	// prefetch is how many messages the broker may send before they are acknowledged.
	// It bounds the library's queue, which has no bound of its own.
	prefetch = 256
	// acknowledgeEvery is how many messages one acknowledgement covers.
	acknowledgeEvery = 64

	// frameSize is the largest frame in bytes. RabbitMQ proposes the same size.
	frameSize = 128 << 10
)

// exchangeTypes are the types of exchange that may be declared.
var exchangeTypes = []string{"topic", "direct", "fanout"}

// exchangeSource reads an exchange of AMQP 0-9-1. Its queue ends with the connection, so what
// is published during an outage is lost.
type exchangeSource struct {
	broker.Base
	exchange string
	kind     string // the type with which a missing exchange is made; empty = the exchange must exist
	bind     broker.Names
	demand   driver.Demand
}

var (
	_ driver.Forwarder    = (*exchangeSource)(nil)
	_ driver.RetryBounded = (*exchangeSource)(nil)
)

// New returns the driver of an exchange of an AMQP broker. Its errors never show the URL.
func New(o driver.Options) (driver.Driver, error) {
	b, err := broker.New(o, defaultPort(o.URL))
	if err != nil {
		return nil, err
	}
	u := &b.URL
	if u.Path == "" {
		u.Path = "/" // the default virtual host
	}
	if u.User == "" {
		u.User, u.Password = "guest", "guest"
	}
	exchange, errExchange := u.Query.Word("exchange", "")
	kind, errKind := u.Query.Word("type", "")
	bind, errBind := u.Query.All("bind")
	if len(bind) == 0 {
		bind = []string{"#"} // all of a topic exchange; a fanout exchange ignores it
	}
	n, errNames := broker.NewNames(bind)
	err = errors.Join(errExchange, errKind, errBind, errNames, u.Query.Rest("exchange", "bind", "type", "publish"))
	switch {
	case err != nil:
	case exchange == "":
		err = errors.New("feed: the source URL names no exchange; add ?exchange=name&bind=key")
	case kind != "" && !slices.Contains(exchangeTypes, kind):
		err = fmt.Errorf("feed: the source URL's type=%.40q is unknown; write one of %s", kind, strings.Join(exchangeTypes, ", "))
	}
	return &exchangeSource{Base: b, exchange: exchange, kind: kind, bind: n, demand: n.Demand(o.Demand)}, err
}

func defaultPort(address string) string {
	if strings.HasPrefix(strings.ToLower(address), "amqps:") {
		return "5671"
	}
	return "5672"
}

// of returns the binding keys of keys on demand. A key with a wildcard in it has none, because
// its client could read the messages of others.
func (d *exchangeSource) of(keys []string) []string {
	return slices.DeleteFunc(d.bind.Of(keys), func(name string) bool { return strings.ContainsAny(name, "*#") || len(name) > 255 })
}

// Open connects, makes and binds the queue, and asks the broker to deliver it.
func (d *exchangeSource) Open(ctx context.Context) (driver.Stream, error) {
	opening, cancel := context.WithTimeout(ctx, driver.HandshakeTimeout)
	defer cancel()
	l, err := d.dial(opening)
	if err != nil {
		return nil, err
	}
	s := &stream{source: d, tick: time.NewTicker(time.Second), messages: broker.Messages{Most: d.Options.MaxMessage}}
	if err := l.During(opening, func() error { return s.start(l) }); err != nil {
		s.leave(l)
		s.tick.Stop()
		return nil, d.explain(err)
	}
	d.Granted(ctx)
	s.life = broker.NewLifeline(ctx, l, d.heartbeat(), nil, func() { s.leave(l) })
	s.life.Go(func() { broker.FollowDemand(d.demand, s.life, s.change) }) // ended by Close, or with the link
	d.Forward(s.life, &publisher{source: d})
	return s, nil
}

// heartbeat is how often each side sends at least something (AMQP 0-9-1 section 4.2.7), in
// whole seconds.
func (d *exchangeSource) heartbeat() time.Duration {
	return max(d.Options.Ping, time.Second).Truncate(time.Second)
}

// explain turns a refusal by the broker into a text that says what the operator can change,
// and any other error into a failure of the network.
func (d *exchangeSource) explain(err error) *driver.Failure {
	refusal, ok := errors.AsType[*amqp.Error](err)
	if !ok || refusal.Code == amqp.FrameError {
		return broker.Explain(err)
	}
	text := redact.Clean(refusal.Reason)
	switch {
	case refusal.Code == amqp.AccessRefused && (errors.Is(err, amqp.ErrCredentials) || strings.Contains(text, "ACCESS_REFUSED - Login")):
		return driver.Fail(driver.ReasonHandshake, "the broker refused user and password; correct them in %v (%s://user:password@host)", driver.SettingURL, d.Scheme)
	case refusal.Code == amqp.NotAllowed, errors.Is(err, amqp.ErrVhost):
		return driver.Fail(driver.ReasonHandshake, "the broker refused the virtual host %.100q (%q); correct the path of %v, in which / is written as %%2F, or give the user the right to that virtual host", d.Path, text, driver.SettingURL)
	case !refusal.Server:
		return broker.Explain(err)
	case refusal.Code == amqp.AccessRefused:
		return driver.Fail(driver.ReasonHandshake, "the broker refused with %q; give the user of %v that right, or name another user", text, driver.SettingURL)
	case refusal.Code == amqp.NotFound:
		return driver.Fail(driver.ReasonHandshake, "there is no exchange %.100q in the virtual host %.100q; correct exchange= in %v, create the exchange, or add &type=topic so that it is made", d.exchange, d.Path, driver.SettingURL)
	case refusal.Code == amqp.PreconditionFailed:
		return driver.Fail(driver.ReasonHandshake, "the exchange %.100q is not of the type %s (%q); correct type= in %v, or leave it out", d.exchange, d.kind, text, driver.SettingURL)
	}
	return driver.Fail(driver.ReasonHandshake, "the broker refused with %d %q; check %v", refusal.Code, text, driver.SettingURL)
}
