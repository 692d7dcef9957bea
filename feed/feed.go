package feed

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
)

// Defaults of Config.
const (
	DefaultMaxMessage = 16 << 20
	DefaultPing       = 20 * time.Second
)

// Publisher takes the feed's messages; *hub.Hub is one. Publish copies the
// payload and never blocks. A Feed calls it from one goroutine.
type Publisher interface{ Publish(hub.Input) }

// Config says what the source is and how to treat it. The zero value of a field
// is its default.
type Config struct {
	// URL is the source: one of ws: wss: replay: stdin: demo:.
	URL string

	// Send returns the text frames to send after connecting, in order. It is
	// called at each connect, since they may come from files. nil = none.
	Send func() ([]string, error)
	// Headers returns the headers of the opening handshake. It is called at
	// each connect, since they may hold secrets from files. nil = none.
	Headers func() (http.Header, error)
	// Subprotocols are offered to the source, which must choose one of them.
	Subprotocols []string
	// TLS serves wss, rediss, tls+nats and amqps. nil = the system's authorities.
	TLS *tls.Config

	MaxMessage  int64         // bytes of one message after inflating; 0 = DefaultMaxMessage
	Ping        time.Duration // interval of pings and deadline of their pongs, to WebSockets and brokers; 0 = DefaultPing
	IdleTimeout time.Duration // reconnect when no message came for so long; 0 = never

	// Key says where a message's key is: gjson paths joined by ":", or "re:" and
	// a regular expression with one group; see doc.go. Empty leaves the keys that
	// the source gives.
	Key string

	// Notify is told when the source is lost (up is false) and when it is back,
	// after an outage; see doc.go. It is called from the goroutine that calls
	// Publish, and must not block. nil = nobody.
	Notify func(up bool, outage time.Duration)

	// Resume has a WebSocket source that is a relay tell positions and notices,
	// so that a lost connection is resumed without loss or repeat; other servers
	// are read as they are. See doc.go.
	Resume bool
	// RelayNotice is told the notices of a relay that is resumed, from the
	// goroutine that calls Publish. nil = nobody.
	RelayNotice func(Notice)

	// Number is told how the broker of a stream numbers the messages that follow,
	// at first and whenever some are missing before them; see doc.go. It is called
	// from the goroutine that calls Publish. nil = nobody.
	Number func(name string, behind uint64)

	// Demand tells a broker's source which keys are wanted, where its URL has
	// {key} in the name of a channel. nil = nobody wants any.
	Demand Demand

	// Stdin is what stdin: reads. The Feed never closes it.
	Stdin io.Reader
}

// withDefaults fills in what is zero and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.MaxMessage == 0 {
		c.MaxMessage = DefaultMaxMessage
	}
	if c.RelayNotice == nil {
		c.RelayNotice = func(Notice) {}
	}
	if c.Ping == 0 {
		c.Ping = DefaultPing
	}
	var errs []error
	if c.MaxMessage < 0 {
		errs = append(errs, fmt.Errorf("feed: MaxMessage is %d bytes; FANTAIL_SOURCE_MAX_MESSAGE must be above 0", c.MaxMessage))
	}
	if c.Ping < 0 {
		errs = append(errs, fmt.Errorf("feed: Ping is %v; FANTAIL_SOURCE_WS_PING must be above 0", c.Ping))
	}
	if c.IdleTimeout < 0 {
		errs = append(errs, fmt.Errorf("feed: IdleTimeout is %v; FANTAIL_SOURCE_IDLE_TIMEOUT must be 0 (off) or above", c.IdleTimeout))
	}
	return c, errors.Join(errs...)
}

// Feed brings one source's messages to a Publisher.
type Feed struct {
	// Static after New.
	driver driver
	idle   time.Duration // 0 = no watchdog
	source string        // masked
	keyer  *keyer        // nil = the source's keys
	keys   bool          // messages may have keys
	notify func(up bool, outage time.Duration)
	number func(name string, behind uint64)
	pub    Publisher
	log    zerolog.Logger

	meter meter

	// Owned by Run.
	gripe    [dropReasons]gripe
	keyGripe gripe
	away     bool // Notify was told so
}

// New checks the configuration and returns a feed that has not connected yet.
// Its error holds every problem found and says what to change.
func New(cfg Config, pub Publisher, log zerolog.Logger) (*Feed, error) {
	cfg, bad := cfg.withDefaults()
	keyer, errKey := newKeyer(cfg.Key)
	if errKey != nil {
		bad = errors.Join(bad, fmt.Errorf("feed: FANTAIL_SOURCE_KEY %w", errKey))
	}
	s, err := findScheme(cfg.URL)
	if err != nil {
		return nil, errors.Join(err, bad)
	}
	d, err := s.open(cfg.URL, cfg)
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	f := newFeed(d, maskURL(cfg.URL), pub, log)
	f.keyer, f.keys = keyer, keyer != nil || s.keys
	if cfg.Notify != nil {
		f.notify = cfg.Notify
	}
	if cfg.Number != nil {
		f.number = cfg.Number
	}
	if s.remote {
		f.idle = cfg.IdleTimeout
	}
	return f, nil
}

func newFeed(d driver, source string, pub Publisher, log zerolog.Logger) *Feed {
	return &Feed{
		driver: d,
		source: source,
		notify: func(bool, time.Duration) {},
		number: func(string, uint64) {},
		pub:    pub,
		log:    log.With().Str("component", "feed").Str("source", source).Logger(),
	}
}

// Run connects, publishes, and connects again, until ctx ends or the source has
// ended for good: a replay without loop, or stdin at its end. Both return nil.
// The error of a source that can never be read on, such as a broken recording,
// is returned. All that Run started has ended when it returns, except for what
// doc.go says of stdin. It is called once.
func (f *Feed) Run(ctx context.Context) error {
	defer func() { f.meter.stop(time.Now()) }()
	return f.supervise(ctx)
}

// HasKeys reports whether messages may have keys, cut out of them or given by
// the source. Any goroutine.
func (f *Feed) HasKeys() bool { return f.keys }

// Stats returns the present figures. Any goroutine.
func (f *Feed) Stats() Stats {
	s := f.meter.stats(time.Now())
	s.Source = f.source
	if d, ok := f.driver.(interface{ position() string }); ok {
		s.Position = d.position()
	}
	return s
}
