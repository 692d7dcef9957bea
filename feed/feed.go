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
	// TLS serves wss. nil = the system's authorities.
	TLS *tls.Config

	MaxMessage  int64         // bytes of one message after inflating; 0 = DefaultMaxMessage
	Ping        time.Duration // interval of WebSocket pings and deadline of their pongs; 0 = DefaultPing
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

// Feed brings a source's messages to a Publisher.
type Feed struct {
	// Static after New.
	source *source
}

// New checks the configuration and returns a feed that has not connected yet.
// Its error holds every problem found and says what to change.
func New(cfg Config, pub Publisher, log zerolog.Logger) (*Feed, error) {
	cfg, bad := cfg.withDefaults()
	s, err := newSource(cfg, &direct{Publisher: pub, notify: cfg.Notify}, log)
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	return &Feed{source: s}, nil
}

// Run connects, publishes, and connects again, until ctx ends or the source has
// ended for good: a replay without loop, or stdin at its end. Both return nil.
// The error of a source that can never be read on, such as a broken recording,
// is returned. All that Run started has ended when it returns, except for what
// doc.go says of stdin. It is called once.
func (f *Feed) Run(ctx context.Context) error {
	err := f.source.run(ctx)
	if err == io.EOF {
		f.source.out.down(0)
		return nil
	}
	return err
}

// HasKeys reports whether messages may have keys, cut out of them or given by
// the source. Any goroutine.
func (f *Feed) HasKeys() bool { return f.source.keys }

// Stats returns the present figures. Any goroutine.
func (f *Feed) Stats() Stats { return f.source.stats() }

// direct is the outlet of a single source.
type direct struct {
	Publisher
	notify func(up bool, outage time.Duration) // may be nil
	away   bool                                // notify was told so
}

func (d *direct) up(outage time.Duration) { d.tell(true, outage) }

func (d *direct) down(time.Duration) { d.tell(false, 0) }

// tell tells of an outage once when it begins and once when it ends.
func (d *direct) tell(up bool, outage time.Duration) {
	if d.away == !up {
		return
	}
	d.away = !up
	if d.notify != nil {
		d.notify(up, outage)
	}
}
