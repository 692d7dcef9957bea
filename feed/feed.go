package feed

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/setting"
)

// Publisher takes the feed's messages; *hub.Hub is one. Publish copies the
// payload and never blocks. A Feed calls it from one goroutine.
type Publisher interface{ Publish(hub.Input) }

// Config says what the source is and how to treat it. The zero value of a field
// is its default.
type Config struct {
	// URL is the source: one of ws: wss: http: https: redis: rediss: nats: tls+nats:
	// amqp: amqps: push: replay: stdin: demo:. It may be several, at most MaxSources,
	// with white space between them: Mode says what becomes of those, and all other
	// settings hold for each.
	URL string
	// Mode says what becomes of several sources.
	Mode Mode
	// Seq says, as Key does, where a message has the number that the source gave
	// it, which rises by one from message to message. A Race goes by it: each
	// number once, in order. Empty = the first copy that comes, by ID, or by hash.
	Seq string
	// GapWait is how long a Race waits for a number that is missing; 0 =
	// DefaultGapWait.
	GapWait time.Duration
	// Failback is how long Failover leaves a stand-in alone, at least, before it
	// tries the preferred source again; 0 = DefaultFailback, NoFailback = until
	// the stand-in fails.
	Failback time.Duration
	// Host is this machine's name. Failover goes by it, so that relays prefer
	// different sources; empty = the first.
	Host string

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
	// Dial opens the connections to a remote source, or to its proxy. nil = TCP, as
	// net.Dialer does it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Rules returns what to do about the messages that are part of the source's
	// protocol. It is called by New and at each connect, since it may come from a
	// file. nil = none.
	Rules func() ([]Rule, error)
	// Split cuts one message of the source into several.
	Split Split
	// PingText is a text frame to send every PingEvery, for sources that want
	// such pings. Empty = none.
	PingText  string
	PingEvery time.Duration // 0 = DefaultPing
	// SendRate bounds all that is sent: what Send, Rules and PingText say, and
	// WebSocket's control frames. Pongs are counted and never wait.
	SendRate driver.Rate

	MaxMessage  int64         // bytes of one message after inflating; 0 = DefaultMaxMessage
	Ping        time.Duration // interval of pings and deadline of their pongs, to WebSockets and brokers; 0 = DefaultPing, NoPing = none
	IdleTimeout time.Duration // reconnect when no message came for so long; 0 = never

	// Key says where a message's key is: gjson paths joined by ":", or "re:" and
	// a regular expression with one group; see doc.go. Empty leaves the keys that
	// the source gives.
	Key string

	// ID says what makes two messages the same, so that a copy is dropped: where
	// a name is, as Key does, for copies however they come; or "hash", for equal
	// messages that come over two connections. Empty drops nothing.
	ID string
	// Cursor says, as Key does, where a message has the source's own position.
	// The last one fills {cursor} in URL at each connect; see doc.go.
	Cursor string

	// MaxAge is the age at which a connection is replaced, less up to a tenth at
	// random. 0 = never.
	MaxAge time.Duration
	// Overlap opens the next connection before the one that is MaxAge old is
	// left, so that nothing is lost or repeated; without ID it goes by "hash". It
	// is for WebSockets without Cursor and Resume, which lose nothing by themselves.
	Overlap bool

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
	RelayNotice func(fantailv1.Notice)

	// Number is told how the broker of a stream numbers the messages that follow,
	// at first and whenever some are missing before them; see doc.go. It is called
	// from the goroutine that calls Publish. nil = nobody.
	Number func(name string, behind uint64)

	// Demand tells a broker's source which keys are wanted, where its URL has
	// {key} in the name of a channel. nil = nobody wants any.
	Demand driver.Demand

	// Stdin is what stdin: reads. The Feed never closes it.
	Stdin io.Reader

	// Uplink lets Send send to the source, in the turn of all that is sent:
	// SendRate bounds it too.
	Uplink bool

	// Names says what the program calls its settings, for the log. nil = the names
	// of the fields.
	Names setting.Namer

	uplink *driver.Outgoing // made by New for all drivers; nil = none
}

// options returns what the driver of a source reads.
func (c Config) options(url string, at *cursor) driver.Options {
	return driver.Options{
		URL: url, Address: func() string { return at.fill(url) },
		Headers: c.Headers, Subprotocols: c.Subprotocols, TLS: c.TLS, Dial: c.Dial, Ping: c.Ping, Resume: c.Resume, Notice: c.RelayNotice,
		Send: c.Send, PingText: c.PingText, PingEvery: c.PingEvery, SendRate: c.SendRate, Outgoing: c.uplink,
		MaxMessage: c.MaxMessage, Demand: c.Demand, Stdin: c.Stdin, Names: c.Names,
	}.WithDefaults()
}

// withDefaults fills in what is zero and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.GapWait == 0 {
		c.GapWait = DefaultGapWait
	}
	if c.Failback == 0 {
		c.Failback = DefaultFailback
	}
	var errs []error
	if c.GapWait < 0 {
		errs = append(errs, setting.Errorf("feed: %v is %v; it must be above 0", driver.SettingGapWait, c.GapWait))
	}
	if c.Failback < 0 && c.Failback != NoFailback {
		errs = append(errs, setting.Errorf("feed: %v is %v; it must be NoFailback or above 0", driver.SettingFailback, c.Failback))
	}
	if c.Mode >= modes {
		errs = append(errs, setting.Errorf("feed: %v is %v; it must be one of %v", driver.SettingMode, c.Mode, modeWords))
	}
	if c.Seq != "" && c.Mode != Race {
		errs = append(errs, setting.Errorf("feed: %v is of use only with %v=race; set that, or unset it", driver.SettingSeq, driver.SettingMode))
	}
	if c.MaxMessage < 0 {
		errs = append(errs, setting.Errorf("feed: %v is %d bytes; it must be above 0", driver.SettingMaxMessage, c.MaxMessage))
	}
	if c.Ping < 0 && c.Ping != driver.NoPing {
		errs = append(errs, setting.Errorf("feed: %v is %v; it must be NoPing or above 0", driver.SettingPing, c.Ping))
	}
	if c.PingEvery < 0 {
		errs = append(errs, setting.Errorf("feed: %v is %v; it must be above 0", driver.SettingPingEvery, c.PingEvery))
	}
	if r := c.SendRate; r.Count < 0 || r.Count > 0 && r.Per <= 0 {
		errs = append(errs, setting.Errorf("feed: %v is %d in %v; it must be a number of frames in a time above 0", driver.SettingRate, r.Count, r.Per))
	}
	if c.IdleTimeout < 0 {
		errs = append(errs, setting.Errorf("feed: %v is %v; it must be 0 (off) or above", driver.SettingIdleTimeout, c.IdleTimeout))
	}
	if c.MaxAge < 0 {
		errs = append(errs, setting.Errorf("feed: %v is %v; it must be 0 (off) or above", driver.SettingMaxAge, c.MaxAge))
	}
	if c.Overlap && c.MaxAge == 0 {
		errs = append(errs, setting.Errorf("feed: %v is of use only with %v; set that, below the time after which the source ends a connection", driver.SettingOverlap, driver.SettingMaxAge))
	}
	return c, errors.Join(append(errs, c.checkOverlap())...)
}

// checkOverlap refuses what tells where the next connection is to begin: that
// moves when a message is read, and a handover may drop what it has read.
func (c Config) checkOverlap() error {
	switch {
	case c.Overlap && c.Cursor != "":
		return setting.Errorf("feed: %v and %v exclude each other; unset %v, as the cursor brings what a new connection missed", driver.SettingOverlap, driver.SettingCursor, driver.SettingOverlap)
	case c.Overlap && c.Resume:
		return setting.Errorf("feed: %v is of no use with a relay that is resumed; unset it", driver.SettingOverlap)
	}
	return nil
}

// idSpec returns what ID is: connections that overlap need one.
func (c Config) idSpec() string {
	if c.Overlap && c.ID == "" {
		return byHash
	}
	return c.ID
}

// Feed brings the messages of one source, or of several, to a Publisher.
type Feed struct {
	// Static after New.
	sources []*source
	several *combination     // nil = one source, which publishes by itself
	uplink  *driver.Outgoing // nil = nothing is sent to it on behalf of others
}

// New checks the configuration and returns a feed that has not connected yet.
// Its error holds every problem found and says what to change.
func New(cfg Config, pub Publisher, log zerolog.Logger) (*Feed, error) {
	cfg, bad := cfg.withDefaults()
	if cfg.Uplink {
		cfg.uplink = driver.NewOutgoing()
	}
	urls := SourceURLs(cfg.URL)
	var f *Feed
	var err error
	if len(urls) > 1 || cfg.Seq != "" {
		f, err = newSeveral(cfg, urls, pub, log)
	} else {
		f, err = newSingle(cfg, pub, log)
	}
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	f.uplink = cfg.uplink
	return f, nil
}

func newSingle(cfg Config, pub Publisher, log zerolog.Logger) (*Feed, error) {
	s, err := newSource(cfg, &direct{Publisher: pub, notify: cfg.Notify}, log)
	if s != nil && cfg.Number != nil && cfg.Numbered() {
		s.number = cfg.Number
	}
	return &Feed{sources: []*source{s}}, err
}

// Run connects, publishes, and connects again, until ctx ends or the source has
// ended for good: a replay without loop, or stdin at its end. Both return nil.
// The error of a source that can never be read on, such as a broken recording,
// is returned; of several sources, once all have ended. All that Run started has
// ended when it returns, except for what doc.go says of stdin. It is called once.
func (f *Feed) Run(ctx context.Context) error {
	defer f.uplink.End()
	if f.several != nil {
		return f.several.run(ctx)
	}
	err := f.sources[0].run(ctx)
	if err == io.EOF {
		f.sources[0].out.down(0, false)
		return nil
	}
	return err
}

// HasKeys reports whether messages may have keys, cut out of them or given by
// a source. Any goroutine.
func (f *Feed) HasKeys() bool {
	return slices.ContainsFunc(f.sources, func(s *source) bool { return s.keys })
}

// Stats returns the present figures. Any goroutine.
func (f *Feed) Stats() Stats {
	if f.several != nil {
		return f.several.stats()
	}
	return f.sources[0].stats()
}

// direct is the outlet of a single source.
type direct struct {
	Publisher
	notify func(up bool, outage time.Duration) // may be nil
	away   bool                                // notify was told so
}

func (d *direct) up(outage time.Duration) { d.tell(true, outage) }

func (d *direct) down(time.Duration, bool) { d.tell(false, 0) }

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
