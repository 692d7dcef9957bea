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

// Config says what the source is and how to treat it. The zero value of a field is its default.
type Config struct {
	Sources  Sources  // where the feed comes from
	Dialling Dialling // how a source is connected to
	Sending  Sending  // what is sent to a source
	Messages Messages // what is done to each message
	Renewal  Renewal  // when a good connection is replaced
	Events   Events   // who is told of events

	// Demand tells the source which keys are wanted, where the URL of a broker has {key} in
	// the name of a channel. nil = no key is wanted.
	Demand driver.Demand
	// Stdin is what stdin: reads. The Feed never closes it.
	Stdin io.Reader
	// Names says what the program calls its settings in the log. nil = the names of the
	// fields.
	Names setting.Namer

	uplink *driver.Outgoing // made by New for all drivers; nil = none
}

// Sources says where the feed comes from.
type Sources struct {
	// URL is the source: one of ws: wss: http: https: redis: rediss: nats: tls+nats:
	// amqp: amqps: push: replay: stdin: demo:. It may be several, at most MaxSources,
	// with white space between them. Mode then says how they make one feed, and all other
	// settings apply to each.
	URL string
	// Mode says how several sources make one feed.
	Mode Mode
	// Seq says, as Messages.Key does, where a message has the number that the source gave
	// it. The number rises by one from message to message. A Race publishes each number
	// once, in order. Empty = a Race publishes the first copy that comes, by Messages.ID or
	// by hash.
	Seq string
	// GapWait is how long a Race waits for a number that is missing; 0 =
	// DefaultGapWait.
	GapWait time.Duration
	// Failback is the shortest time that Failover leaves a stand-in active before it tries
	// the preferred source again; 0 = DefaultFailback, NoFailback = until the stand-in
	// fails.
	Failback time.Duration
	// Host is this machine's name. Failover chooses the preferred source by it, so that
	// relays prefer different sources; empty = the first source.
	Host string
}

// Dialling says how a source is connected to, and when a connection counts as dead.
type Dialling struct {
	// Headers returns the headers of the opening handshake. It is called for each
	// connection, because a header may hold a secret from a file. nil = none.
	Headers func() (http.Header, error)
	// Subprotocols are offered to the source, which must choose one of them.
	Subprotocols []string
	// TLS is for wss, https, rediss, tls+nats and amqps. nil = the system's authorities.
	TLS *tls.Config
	// Dial opens the connections to a remote source, or to its proxy. nil = TCP, as
	// net.Dialer does it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Ping is the interval of pings and the deadline of each pong, to WebSockets and
	// brokers; 0 = driver.DefaultPing, driver.NoPing = none.
	Ping time.Duration
	// IdleTimeout is how long no message may come before the connection is replaced;
	// 0 = there is no bound.
	IdleTimeout time.Duration
	// Resume asks a WebSocket source that is a relay for positions and notices, so that a
	// lost connection is resumed without loss or repeat. Other servers are read as they
	// are. See package ws.
	Resume bool
}

// Sending says what is sent to the source.
type Sending struct {
	// Frames returns the text frames to send after connecting, in order. It is called for
	// each connection, because the frames may come from files. nil = none.
	Frames func() ([]string, error)
	// PingText is a text frame that is sent every PingEvery, for sources that want such
	// pings. Empty = none.
	PingText string
	// PingEvery is the interval of PingText; 0 = driver.DefaultPing.
	PingEvery time.Duration
	// Rate bounds everything that is sent: Frames, PingText, replies of Messages.Rules,
	// Feed.Send and WebSocket's control frames. Pongs are counted and never wait.
	Rate driver.Rate
	// Uplink lets Feed.Send send to the source.
	Uplink bool
}

// Messages says what is done to each message.
type Messages struct {
	// MaxMessage bounds a message, in bytes after inflating; 0 =
	// driver.DefaultMaxMessage.
	MaxMessage int64
	// Split cuts one message of the source into several.
	Split stage.Split
	// Rules returns what to do with the messages that are part of the source's protocol.
	// It is called by New and for each connection, because the rules may come from a file.
	// nil = none.
	Rules func() ([]stage.Rule, error)
	// Key says where a message's key is: gjson paths joined by ":", or "re:" and a regular
	// expression with one group; see package stage. Empty = the keys that the source gives.
	Key string
	// ID says which messages are copies, which are dropped. It is the place of a message's
	// name, as in Key, for copies however they come; or "hash", for equal messages over two
	// connections. Empty = nothing is dropped.
	ID string
	// Cursor says, as Key does, where a message has the source's own position. The last
	// one fills {cursor} in Sources.URL for each connection; see package stage.
	Cursor string
}

// Renewal says when a good connection is replaced.
type Renewal struct {
	// MaxAge is the age at which a connection is replaced, less up to a tenth at
	// random. 0 = never.
	MaxAge time.Duration
	// Overlap opens the next connection before the old one is left, so that nothing is
	// lost or repeated; without Messages.ID it compares by "hash". It is for WebSockets
	// without Messages.Cursor and Dialling.Resume, which lose nothing by themselves.
	Overlap bool
}

// Events is called with what happens to the feed, by the goroutine that calls Publish. The
// functions must not block. Connect puts the hub in front of them.
type Events struct {
	// Notify is told when the source is lost (up is false) and when it is back, with the
	// length of the outage; see Supervision above. nil = nobody.
	Notify func(up bool, outage time.Duration)
	// RelayNotice is told the notices of a relay that is resumed. With Renewal.Overlap
	// other goroutines call it. nil = nobody.
	RelayNotice func(fantailv1.Notice)
	// Number is told how a broker numbers the messages of a stream: when the stream is
	// first found, and wherever messages are missing. nil = nobody.
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

// withDefaults fills in defaults. Settings that only drivers read have their defaults in
// driver.Options.
func (c Config) withDefaults() Config {
	if c.Sources.GapWait == 0 {
		c.Sources.GapWait = DefaultGapWait
	}
	if c.Sources.Failback == 0 {
		c.Sources.Failback = DefaultFailback
	}
	c.Events = c.Events.withDefaults()
	return c
}

// withDefaults fills in functions that tell nobody.
func (e Events) withDefaults() Events {
	if e.Notify == nil {
		e.Notify = func(bool, time.Duration) {}
	}
	if e.RelayNotice == nil {
		e.RelayNotice = func(fantailv1.Notice) {}
	}
	if e.Number == nil {
		e.Number = func(string, uint64) {}
	}
	return e
}

// idSpec returns Messages.ID, or ByHash if connections overlap, because they need one.
func (c Config) idSpec() string {
	if c.Renewal.Overlap && c.Messages.ID == "" {
		return stage.ByHash
	}
	return c.Messages.ID
}
