package relay

import (
	"errors"
	"regexp"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/setting"
)

// Config is how a Relay is made.
type Config struct {
	Hub *Hub // from NewHub; the caller closes it
	Log zerolog.Logger

	// Names returns what the program calls a setting, for texts that an operator reads.
	// nil calls a setting by its field.
	Names setting.Namer

	// Source returns the state of the feed's source. nil is a source that is always
	// there. Any goroutine calls it.
	Source func() SourceStatus

	Limits   Limits
	Access   Access
	Delivery Delivery
	Uplink   Uplink
	Push     Push // takes messages that are POSTed to /push; the zero value has no such path
	Sockets  Sockets
}

// Limits bounds how many clients there are, and how fast they come. 0 is no limit.
type Limits struct {
	Clients       int     // at once; more are refused with 503
	ClientsPerIP  int     // at once from one address, or one IPv6 /64; more are refused with 429
	HandshakeRate float64 // handshakes a second; more wait for a second at most, and are then refused with 503
}

// Access says who may connect.
type Access struct {
	AllowedOrigins []string // of web pages, besides the same origin; see CheckOrigin
	TrustedProxies []string // that are trusted to tell a client's address; see CheckProxy
	KeyRequired    bool     // a client must name the keys that it wants
}

// Delivery says how clients are served.
type Delivery struct {
	Policy      hub.Policy // for slow clients whose format has notices; raw WebSockets are always evicted
	FixedPolicy bool       // clients may not choose another policy
	Compression bool       // offers of permessage-deflate (RFC 7692) are accepted
}

// Uplink says what happens to the messages that clients send.
type Uplink struct {
	Mode       UplinkMode
	MaxMessage int64 // longest message in bytes, default 64 KiB

	// Forward sends a client's message to the source. It may wait a few seconds, which
	// delays that client alone. Its error means that the source does not get the
	// message; the client is told that the relay is busy. Any number of goroutines call
	// it. It must not keep the payload.
	Forward func(kind hub.Kind, payload []byte) error
	Allow   *regexp.Regexp // matches what may be forwarded; a match anywhere in a message is enough
	Rate    float64        // messages a second that a client may send; 0 is no limit
	Burst   int            // messages that may come at once, default 1
}

// Sockets says how the kernel handles clients' connections.
type Sockets struct {
	UnsentLimit int           // bytes that the kernel may hold unsent (TCP_NOTSENT_LOWAT), default 64 KiB
	PeerTimeout time.Duration // how long a stream's peer may acknowledge nothing, on Linux; 0 is the system's default
}

func (c Config) withDefaults() Config {
	if c.Source == nil {
		c.Source = func() SourceStatus { return SourceStatus{Connected: true, EverConnected: true} }
	}
	if c.Uplink.MaxMessage <= 0 {
		c.Uplink.MaxMessage = 64 << 10
	}
	if c.Sockets.UnsentLimit <= 0 {
		c.Sockets.UnsentLimit = 64 << 10
	}
	return c
}

// check returns everything that is wrong.
func (c Config) check() error {
	if c.Hub == nil || c.Hub.frameHub == nil {
		return errors.New("relay: there is no hub; make one by NewHub")
	}
	_, origins := newOriginPolicy(c.Access.AllowedOrigins)
	_, proxies := newProxies(c.Access.TrustedProxies)
	return errors.Join(c.checkPolicy(), origins, proxies, c.Uplink.check())
}

func (c Config) checkPolicy() error {
	if c.Delivery.Policy == hub.Conflate && !c.Hub.HasSnapshot() {
		return setting.Errorf("relay: %v is conflate, which needs a hub that keeps a snapshot; set %v", settingPolicy, settingSnapshot)
	}
	return nil
}

func (u Uplink) check() error {
	var bad []error
	if u.Mode == UplinkForward && u.Forward == nil {
		bad = append(bad, setting.Errorf("relay: the uplink forwards, but %v is nil", settingForward))
	}
	if u.Mode == UplinkForward && u.Allow == nil {
		bad = append(bad, setting.Errorf("relay: the uplink forwards, but nothing says what; write %v", settingUplinkAllow))
	}
	if u.Rate < 0 || u.Burst < 0 {
		bad = append(bad, setting.Errorf("relay: %v must be 0 (off) or above", SettingUplinkRate))
	}
	return errors.Join(bad...)
}

// rules returns the rules that the road decides by.
func (c Config) rules() rules {
	origins, _ := newOriginPolicy(c.Access.AllowedOrigins) // checked already
	return rules{
		origins: origins, keyRequired: c.Access.KeyRequired, snapshot: c.Hub.HasSnapshot(),
		compression: c.Delivery.Compression, policy: c.Delivery.Policy, fixedPolicy: c.Delivery.FixedPolicy,
	}
}
