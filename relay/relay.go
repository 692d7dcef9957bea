package relay

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/setting"
)

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
	hub   *hub.Hub
	log   zerolog.Logger
	names setting.Namer

	originLog zerolog.Logger // sampled: what a stranger can cause at any rate
	leaveLog  zerolog.Logger // sampled: many clients may be sent away at once

	source   func() SourceStatus
	rules    rules
	proxies  proxies
	push     Push
	sockets  Sockets
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

// New makes a relay for a hub. An error tells all that is wrong with c.
func New(c Config) (*Relay, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	log := c.Log.With().Str("component", "relay").Logger()
	trusted, _ := newProxies(c.Access.TrustedProxies) // checked
	return &Relay{
		hub: c.Hub.Hub(), log: log, names: c.Names, originLog: sampled(log, time.Minute), leaveLog: sampled(log, time.Second),
		source: c.Source, proxies: trusted, push: c.Push, sockets: c.Sockets, rules: c.rules(),
		uplink: newUplink(c.Uplink, log), encoders: newEncoders(c.Hub.Position),
		handshakes: newHandshakeLimiter(c.Limits.HandshakeRate), clients: newClientLimiter(c.Limits.Clients, c.Limits.ClientsPerIP),
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
	if r.push.Take != nil {
		mux.Handle("/push", newPushDoor(r, r.push))
	}
	mux.HandleFunc("/{$}", r.serveRoot)
	return mux
}

// NotReady makes /readyz fail, so that load balancers send clients elsewhere.
func (r *Relay) NotReady() { r.notReady.Store(true) }

// StopAccepting has the relay take no new clients. Those that are there are the hub's
// to send away.
func (r *Relay) StopAccepting() { r.draining.Store(true) }

// serveRoot is /ws for whoever upgrades to WebSocket, and the page for everybody
// else.
func (r *Relay) serveRoot(w http.ResponseWriter, req *http.Request) {
	if hasToken(req.Header, "Upgrade", "websocket") {
		r.serveWebSocket(w, req)
		return
	}
	r.page.ServeHTTP(w, req)
}
