package relay

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/setting"
)

// SourceStatus is the state of a source, for health checks and metrics.
type SourceStatus struct {
	Alarm          bool // the source gave an answer that the operator must look at
	Connected      bool
	EverConnected  bool
	Messages       uint64
	Bytes          uint64
	Reconnects     map[string]uint64 // by reason
	Dropped        map[string]uint64 // messages, by reason
	Outage         time.Duration     // sum of all outages
	LastMessage    time.Time
	SourceRedacted string // the source's URL without its secrets

	// Sources are the figures of each of several sources, which metrics number by their
	// place here. nil for one source.
	Sources  []SourceStatus
	Repeated uint64 // messages left out because another source had brought them
	Missed   uint64 // numbers that no source brought in time
	Restarts uint64 // how often the sources' numbering began again
}

// Relay serves clients and operators over HTTP. It has no listener of its own: the
// caller serves Handler and Admin.
type Relay struct {
	// static after New
	hub   *hub.Hub
	log   zerolog.Logger
	names setting.Namer

	originLog zerolog.Logger // sampled, because strangers can cause these lines at any rate
	leaveLog  zerolog.Logger // sampled, because many clients may be closed at once

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
	joined     [formats]atomic.Int64 // clients that are connected, by format

	notReady atomic.Bool
	draining atomic.Bool
	refusals [refusalReasons]atomic.Uint64 // requests that were refused, by reason
}

// New makes a relay for a hub. Its error says everything that is wrong with c.
func New(c Config) (*Relay, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	log := c.Log.With().Str("component", "relay").Logger()
	trusted, _ := newProxies(c.Access.TrustedProxies) // checked already
	return &Relay{
		hub: c.Hub.Hub(), log: log, names: c.Names, originLog: sampled(log, time.Minute), leaveLog: sampled(log, time.Second),
		source: c.Source, proxies: trusted, push: c.Push, sockets: c.Sockets, rules: c.rules(),
		uplink: newUplink(c.Uplink, c.Names, log), encoders: newEncoders(c.Hub.Position),
		handshakes: newHandshakeLimiter(c.Limits.HandshakeRate), clients: newClientLimiter(c.Limits.Clients, c.Limits.ClientsPerIP),
		page: newPage(c.Names), born: time.Now(),
	}, nil
}

// sampled bounds log to ten lines in each period.
func sampled(log zerolog.Logger, period time.Duration) zerolog.Logger {
	return log.Sample(&zerolog.BurstSampler{Burst: 10, Period: period})
}

// Handler returns the handler for clients. doc.go lists its paths.
func (r *Relay) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", r.serveWebSocket)
	mux.HandleFunc("/sse", r.serveSSE)
	mux.HandleFunc("/stream", r.serveStream)
	mux.HandleFunc("/snapshot", r.serveSnapshot)
	mux.HandleFunc("/healthz", r.serveHealth)
	mux.HandleFunc("/readyz", r.serveReady)
	if r.push.Take != nil {
		mux.Handle("/push", newPushHandler(r, r.push))
	}
	mux.HandleFunc("/{$}", r.serveRoot)
	return mux
}

// NotReady makes /readyz fail, so that load balancers send new clients elsewhere.
func (r *Relay) NotReady() { r.notReady.Store(true) }

// StopAccepting makes the relay refuse new clients. hub.Hub.Drain sends the others
// away.
func (r *Relay) StopAccepting() { r.draining.Store(true) }

// serveRoot serves /ws to a request that upgrades to WebSocket, and the page to any
// other.
func (r *Relay) serveRoot(w http.ResponseWriter, req *http.Request) {
	if hasToken(req.Header, "Upgrade", "websocket") {
		r.serveWebSocket(w, req)
		return
	}
	r.page.ServeHTTP(w, req)
}
