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

// Options is what drivers read of a feed's configuration. The feed has checked it, and
// fills in what is zero. A driver leaves out what has no meaning for it.
type Options struct {
	// URL is the source as it is configured. It may have {cursor} in it.
	URL string
	// Address returns the URL to connect to, with its cursor filled in. It is called
	// at each connect.
	Address func() string

	// Headers returns the headers of the opening handshake. It is called at each
	// connect, since they may hold secrets from files. nil = none.
	Headers func() (http.Header, error)
	// Subprotocols are offered to the source, which must choose one of them.
	Subprotocols []string
	// TLS serves what connects with TLS. nil = the system's authorities.
	TLS *tls.Config
	// Dial opens the connections to a remote source, or to its proxy. nil = TCP, as
	// net.Dialer does it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Ping is the interval of pings and the deadline of their pongs. NoPing = none.
	Ping time.Duration
	// Resume has a relay that is the source tell positions and notices.
	Resume bool
	// Notice is told the notices of such a relay, from next. Never nil.
	Notice func(fantailv1.Notice)

	// Frames returns the text frames to send after connecting, in order. It is called
	// at each connect. nil = none.
	Frames func() ([]string, error)
	// PingText is a text frame to send every PingEvery. Empty = none.
	PingText  string
	PingEvery time.Duration
	// Rate bounds all that is sent.
	Rate Rate
	// Outgoing is the queue of what others want sent to the source. nil = none.
	Outgoing *Outgoing

	// MaxMessage bounds a message, in bytes. A longer one is dropped, or ends the
	// connection with ReasonTooLarge.
	MaxMessage int64
	// Demand tells which keys are wanted. Never nil.
	Demand Demand
	// Stdin is the standard input. nil = there is none.
	Stdin io.Reader

	// Names says what the program calls its settings, for texts that are no errors.
	Names setting.Namer
}

// Defaults of Options.
const (
	DefaultMaxMessage = 16 << 20
	DefaultPing       = 20 * time.Second
)

// NoPing as Options.Ping sends no WebSocket pings: some sources break over them.
// A dead connection is then noticed by Config.IdleTimeout alone.
const NoPing time.Duration = -1

// WithDefaults fills in what is zero.
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
