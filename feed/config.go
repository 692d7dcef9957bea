package feed

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub/fantailv1"
	"fantail/hub/setting"
)

// Config says what the source is and how to treat it. The zero value of a field
// is its default.
type Config struct {
	Sources  Sources
	Dialling Dialling
	Sending  Sending
	Messages Messages
	Renewal  Renewal
	Events   Events

	// Demand tells a broker's source which keys are wanted, where its URL has
	// {key} in the name of a channel. nil = nobody wants any.
	Demand driver.Demand
	// Stdin is what stdin: reads. The Feed never closes it.
	Stdin io.Reader
	// Names says what the program calls its settings, for the log. nil = the names
	// of the fields.
	Names setting.Namer

	uplink *driver.Outgoing // made by New for all drivers; nil = none
}

// Sources says where the feed comes from.
type Sources struct {
	// URL is the source: one of ws: wss: http: https: redis: rediss: nats: tls+nats:
	// amqp: amqps: push: replay: stdin: demo:. It may be several, at most MaxSources,
	// with white space between them: Mode says what becomes of those, and all other
	// settings hold for each.
	URL string
	// Mode says what becomes of several sources.
	Mode Mode
	// Seq says, as Messages.Key does, where a message has the number that the source
	// gave it, which rises by one from message to message. A Race goes by it: each
	// number once, in order. Empty = the first copy that comes, by Messages.ID, or by
	// hash.
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
}

// Dialling says how a source is connected to, and when a connection counts as dead.
type Dialling struct {
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
	// Ping is the interval of pings and the deadline of their pongs, to WebSockets and
	// brokers; 0 = driver.DefaultPing, driver.NoPing = none.
	Ping time.Duration
	// IdleTimeout is how long no message may come before the source is connected to
	// again; 0 = for ever.
	IdleTimeout time.Duration
	// Resume has a WebSocket source that is a relay tell positions and notices,
	// so that a lost connection is resumed without loss or repeat; other servers
	// are read as they are. See doc.go.
	Resume bool
}

// Sending says what is sent to the source.
type Sending struct {
	// Frames returns the text frames to send after connecting, in order. It is
	// called at each connect, since they may come from files. nil = none.
	Frames func() ([]string, error)
	// PingText is a text frame to send every PingEvery, for sources that want
	// such pings. Empty = none.
	PingText  string
	PingEvery time.Duration // 0 = driver.DefaultPing
	// Rate bounds all that is sent: what Frames, Messages.Rules and PingText say, and
	// WebSocket's control frames. Pongs are counted and never wait.
	Rate driver.Rate
	// Uplink lets Feed.Send send to the source, in the turn of all that is sent:
	// Rate bounds it too.
	Uplink bool
}

// Messages says what is done to each message.
type Messages struct {
	// MaxMessage bounds a message, in bytes after inflating; 0 =
	// driver.DefaultMaxMessage.
	MaxMessage int64
	// Split cuts one message of the source into several.
	Split stage.Split
	// Rules returns what to do about the messages that are part of the source's
	// protocol. It is called by New and at each connect, since it may come from a
	// file. nil = none.
	Rules func() ([]stage.Rule, error)
	// Key says where a message's key is: gjson paths joined by ":", or "re:" and
	// a regular expression with one group; see doc.go. Empty leaves the keys that
	// the source gives.
	Key string
	// ID says what makes two messages the same, so that a copy is dropped: where
	// a name is, as Key does, for copies however they come; or "hash", for equal
	// messages that come over two connections. Empty drops nothing.
	ID string
	// Cursor says, as Key does, where a message has the source's own position.
	// The last one fills {cursor} in Sources.URL at each connect; see doc.go.
	Cursor string
}

// Renewal says when a connection is replaced that is good.
type Renewal struct {
	// MaxAge is the age at which a connection is replaced, less up to a tenth at
	// random. 0 = never.
	MaxAge time.Duration
	// Overlap opens the next connection before the one that is MaxAge old is
	// left, so that nothing is lost or repeated; without Messages.ID it goes by
	// "hash". It is for WebSockets without Messages.Cursor and Dialling.Resume, which
	// lose nothing by themselves.
	Overlap bool
}

// Events is told what befalls the feed, from the goroutine that calls Publish. What is
// called must not block. Connect fills them in.
type Events struct {
	// Notify is told when the source is lost (up is false) and when it is back,
	// after an outage; see doc.go. nil = nobody.
	Notify func(up bool, outage time.Duration)
	// RelayNotice is told the notices of a relay that is resumed. nil = nobody.
	RelayNotice func(fantailv1.Notice)
	// Number is told how the broker of a stream numbers the messages that follow,
	// at first and whenever some are missing before them; see doc.go. nil = nobody.
	Number func(name string, behind uint64)
}

// options returns what the driver of a source reads.
func (c Config) options(url string, at *stage.Cursor) driver.Options {
	return driver.Options{
		URL: url, Address: func() string { return at.Fill(url) },
		Headers: c.Dialling.Headers, Subprotocols: c.Dialling.Subprotocols, TLS: c.Dialling.TLS, Dial: c.Dialling.Dial,
		Ping: c.Dialling.Ping, Resume: c.Dialling.Resume, Notice: c.Events.RelayNotice,
		Frames: c.Sending.Frames, PingText: c.Sending.PingText, PingEvery: c.Sending.PingEvery, Rate: c.Sending.Rate, Outgoing: c.uplink,
		MaxMessage: c.Messages.MaxMessage, Demand: c.Demand, Stdin: c.Stdin, Names: c.Names,
	}.WithDefaults()
}

// withDefaults fills in what is zero; what drivers alone read has its defaults in
// driver.Options.
func (c Config) withDefaults() Config {
	if c.Sources.GapWait == 0 {
		c.Sources.GapWait = DefaultGapWait
	}
	if c.Sources.Failback == 0 {
		c.Sources.Failback = DefaultFailback
	}
	return c
}

// idSpec returns what Messages.ID is: connections that overlap need one.
func (c Config) idSpec() string {
	if c.Renewal.Overlap && c.Messages.ID == "" {
		return stage.ByHash
	}
	return c.Messages.ID
}
