package relay

import (
	"errors"
	"net/http"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
)

// Config is how a Relay is made.
type Config struct {
	Hub *hub.Hub // made with Header: FrameHeader
	Log zerolog.Logger

	// Source tells how the feed's source stands; nil is a source that is always
	// there.
	Source func() SourceStatus

	MaxClients      int      // more are refused with 503; 0 is no limit
	MaxClientsPerIP int      // more are refused with 429; an IPv6 /64 counts as one address; 0 is no limit
	HandshakeRate   float64  // handshakes a second, more wait for a second at most; 0 is no limit
	TrustedProxies  []string // addresses or prefixes whose X-Forwarded-For or Forwarded is believed
	AllowedOrigins  []string // besides the same origin; see originPolicy

	Policy      hub.Policy // what becomes of slow clients whose format has notices; raw ones are evicted
	FixedPolicy bool       // clients may not choose another
	KeyRequired bool       // a client must say which keys it wants

	Push Push // what becomes of messages POSTed to /push; the zero value has no such path

	Compression bool // offers of permessage-deflate are taken up

	Uplink           UplinkMode
	UplinkMaxMessage int64 // bytes, default 64 KiB
	// Forward sends a client's message to the source. It may wait for that for a
	// few seconds, in which it holds up that client alone. Its error means that the
	// source does not get the message; the client is told that the relay is busy.
	// It may be called by any number of goroutines, and must not keep the payload.
	Forward     func(kind hub.Kind, payload []byte) error
	UplinkAllow *regexp.Regexp // what may be forwarded; it may match anywhere in a message
	UplinkRate  float64        // messages a second that a client may send; 0 is no limit
	UplinkBurst int            // messages that may come at once, default 1

	PeerTimeout time.Duration // for a stream's peer that acknowledges nothing, on linux; 0 is the system's patience
	UnsentLimit int           // bytes the kernel may hold unsent for a client (TCP_NOTSENT_LOWAT), default 64 KiB
}

// SourceStatus is how the source stands, for health checks and metrics.
type SourceStatus struct {
	Alarm          bool // the source gave an answer that the operator must look at
	Connected      bool
	EverConnected  bool
	Messages       uint64
	Bytes          uint64
	Reconnects     map[string]uint64 // by reason
	Dropped        map[string]uint64 // messages by reason
	Outage         time.Duration     // sum of all interruptions
	LastMessage    time.Time
	SourceRedacted string // the source's URL without its secrets

	// Sources are the figures of each of several sources, by whose place here
	// metrics call them; nil for one.
	Sources  []SourceStatus
	Repeated uint64 // messages left out, since another source had brought them
	Missed   uint64 // numbers that no source brought in time
	Restarts uint64 // how often the sources' numbering began anew
}

// Relay is the face that clients and operators see. It has no listener of its
// own: Handler and Admin are served by the caller.
type Relay struct {
	// static after New
	hub *hub.Hub
	log zerolog.Logger

	originLog zerolog.Logger // sampled: what a stranger can cause at any rate
	leaveLog  zerolog.Logger // sampled: many clients may be sent away at once

	source   func() SourceStatus
	rules    rules
	proxies  proxies
	cfg      Config
	uplink   *uplink
	encoders *encoders

	page *page
	born time.Time

	handshakes *handshakeLimiter
	clients    *clientLimiter
	joined     [formats]atomic.Int64 // clients that are there

	notReady atomic.Bool
	draining atomic.Bool
	refusals [refusalReasons]atomic.Uint64 // handshakes, by reason
}

// New makes a relay for a hub.
func New(c Config) (*Relay, error) {
	if c.Hub == nil {
		return nil, errors.New("relay: no hub")
	}
	if c.Policy == hub.Conflate && !c.Hub.HasSnapshot() {
		return nil, errors.New("relay: the policy conflate needs a hub that keeps a snapshot: give the hub SnapshotKeys")
	}
	if c.Source == nil {
		c.Source = func() SourceStatus { return SourceStatus{Connected: true, EverConnected: true} }
	}
	if c.UplinkMaxMessage <= 0 {
		c.UplinkMaxMessage = 64 << 10
	}
	if c.UnsentLimit <= 0 {
		c.UnsentLimit = 64 << 10
	}
	origins, err := newOriginPolicy(c.AllowedOrigins)
	trusted, perr := newProxies(c.TrustedProxies)
	log := c.Log.With().Str("component", "relay").Logger()
	up, uerr := newUplink(c, log)
	if err := errors.Join(err, perr, uerr); err != nil {
		return nil, err
	}
	return &Relay{
		hub: c.Hub, log: log, originLog: sampled(log, time.Minute), leaveLog: sampled(log, time.Second),
		source: c.Source, proxies: trusted, cfg: c, uplink: up, encoders: newEncoders(c.Hub.Position),
		rules: rules{
			origins: origins, compression: c.Compression, keyRequired: c.KeyRequired, snapshot: c.Hub.HasSnapshot(),
			policy: c.Policy, fixedPolicy: c.FixedPolicy,
		},
		handshakes: newHandshakeLimiter(c.HandshakeRate), clients: newClientLimiter(c.MaxClients, c.MaxClientsPerIP),
		page: newPage(), born: time.Now(),
	}, nil
}

// sampled returns log bounded to ten lines in each period.
func sampled(log zerolog.Logger, period time.Duration) zerolog.Logger {
	return log.Sample(&zerolog.BurstSampler{Burst: 10, Period: period})
}

// Handler serves the clients: see doc.go for the paths.
func (r *Relay) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", r.serveWebSocket)
	mux.HandleFunc("/sse", r.serveSSE)
	mux.HandleFunc("/stream", r.serveStream)
	mux.HandleFunc("/snapshot", r.serveSnapshot)
	mux.HandleFunc("/healthz", r.serveHealth)
	mux.HandleFunc("/readyz", r.serveReady)
	if r.cfg.Push.Take != nil {
		mux.Handle("/push", newPushDoor(r, r.cfg.Push))
	}
	mux.HandleFunc("/{$}", r.serveRoot)
	return mux
}

// NotReady makes /readyz fail, so that load balancers send clients elsewhere.
func (r *Relay) NotReady() { r.notReady.Store(true) }

// Refuse has the relay take no new clients. Those that are there are the hub's
// to send away.
func (r *Relay) Refuse() { r.draining.Store(true) }

// serveRoot is /ws for whoever upgrades to WebSocket, and the page for everybody
// else.
func (r *Relay) serveRoot(w http.ResponseWriter, req *http.Request) {
	if hasToken(req.Header, "Upgrade", "websocket") {
		r.serveWebSocket(w, req)
		return
	}
	r.page.ServeHTTP(w, req)
}
