package driver

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"

	"fantail/hub/fantailv1"
	"fantail/hub/setting"
)

// Options is the part of a feed's configuration that drivers read. The feed has checked it
// and filled in the defaults. A driver ignores what has no meaning for it.
type Options struct {
	// URL is the source as it is configured. It may have {cursor} in it.
	URL string
	// Address returns the URL to connect to, with its cursor filled in. It is called
	// for each connection, because the cursor moves. Never nil.
	Address func() string

	// Headers returns the headers of the opening handshake. It is called for each
	// connection, because a header may hold a secret from a file. nil = none.
	Headers func() (http.Header, error)
	// Subprotocols are offered to the source, which must choose one of them.
	Subprotocols []string
	// TLS is for connections with TLS. nil = the system's authorities.
	TLS *tls.Config
	// Dial opens the connections to a remote source, or to its proxy. nil = TCP, as
	// net.Dialer does it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Ping is the interval of pings and the deadline of each pong. NoPing = none.
	Ping time.Duration
	// Resume asks a relay that is the source for positions and notices.
	Resume bool
	// Notice is called with the notices of such a relay, by Open and Next. Never nil.
	Notice func(fantailv1.Notice)

	// Frames returns the text frames to send after connecting, in order. It is called
	// for each connection. nil = none.
	Frames func() ([]string, error)
	// PingText is a text frame that is sent every PingEvery. Empty = none.
	PingText string
	// PingEvery is the interval of PingText. It is above 0.
	PingEvery time.Duration
	// Rate bounds everything that is sent.
	Rate Rate
	// Outgoing is the queue of what others want to be sent to the source. nil = none.
	Outgoing *Outgoing

	// MaxMessage bounds a message, in bytes. A longer message is dropped, or ends the
	// connection with ReasonTooLarge.
	MaxMessage int64
	// Demand tells which keys are wanted. Never nil.
	Demand Demand
	// Stdin is the standard input. nil = there is none.
	Stdin io.Reader

	// Names says what the program calls its settings. Drivers need it for texts that
	// are not errors. Errors are rendered later.
	Names setting.Namer
}

// Defaults of Options.
const (
	DefaultMaxMessage = 16 << 20         // bytes
	DefaultPing       = 20 * time.Second // of Ping and PingEvery
)

// NoPing as Options.Ping sends no WebSocket pings, because some sources break over them.
// Only Dialling.IdleTimeout then notices a dead connection.
const NoPing time.Duration = -1

// WithDefaults returns a copy in which the fields that are zero have their defaults.
func (o Options) WithDefaults() Options {
	if o.Address == nil {
		url := o.URL
		o.Address = func() string { return url }
	}
	if o.Ping == 0 {
		o.Ping = DefaultPing
	}
	if o.PingEvery == 0 {
		o.PingEvery = DefaultPing
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.Notice == nil {
		o.Notice = func(fantailv1.Notice) {}
	}
	if o.Demand == nil {
		o.Demand = NoDemand{}
	}
	return o
}
