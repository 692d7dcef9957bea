package feed

import (
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/fantailv1"
)

// DemandLinger is how long the source still sends a key after its last client has left, so that
// a client that reconnects misses nothing.
const DemandLinger = 5 * time.Second

// ForHub returns the configuration h of the feed's hub, with what the source needs: a Demand for
// a source of keys on demand, and Backbone for a source with numbers. Each client of a source of
// keys on demand may need a lane of its own, so MaxLanes should be at least the number of
// clients.
func (c Config) ForHub(h hub.Config) hub.Config {
	if OnDemand(c.Sources.URL) && h.Demand == nil {
		h.Demand = hub.NewDemand(DemandLinger)
	}
	h.Backbone = c.Numbered()
	return h
}

// Connect is New for a hub that was made with Config.ForHub. The hub gets the feed's messages and
// their numbers, its clients are told of outages, and the source is asked for the keys that they
// want. cfg.Events is called after the hub. cfg.Demand is replaced.
func Connect(h *hub.Hub, cfg Config, log zerolog.Logger) (*Feed, error) {
	demand := h.Demand()
	if demand == nil && OnDemand(cfg.Sources.URL) {
		return nil, errors.New("feed: the source sends keys on demand, and the hub has no Demand; make the hub with Config.ForHub")
	}
	if cfg.Demand = nil; demand != nil {
		cfg.Demand = demand
	}
	cfg.Events = cfg.Events.behind(h)
	return New(cfg, h, log)
}

// hubEvents tells first a hub and then the program what happens to the feed. Any goroutine may
// call its methods.
type hubEvents struct {
	hub  *hub.Hub
	next Events
	mu   sync.Mutex // one goroutine at a time tells the hub about the source
}

// behind returns events that tell a hub first.
func (e Events) behind(h *hub.Hub) Events {
	first := &hubEvents{hub: h, next: e.withDefaults()}
	return Events{Notify: first.notify, RelayNotice: first.notice, Number: first.number}
}

// notify tells that the source is away, or back after an outage.
func (e *hubEvents) notify(up bool, outage time.Duration) {
	e.mu.Lock()
	e.hub.Source(up, outage)
	e.mu.Unlock()
	e.next.Notify(up, outage)
}

// notice passes on the notices of a relay: outages of its own source, and gaps. The hub's clients
// are told of a gap as an outage that is over.
func (e *hubEvents) notice(n fantailv1.Notice) {
	e.mu.Lock()
	switch n.Kind {
	case hub.SourceUp.String():
		e.hub.Source(n.Up, n.Outage)
	case hub.Gap.String():
		e.hub.Source(false, 0)
		e.hub.Source(true, 0)
	}
	e.mu.Unlock()
	e.next.RelayNotice(n)
}

func (e *hubEvents) number(name string, behind uint64) {
	e.hub.Adopt(name, behind)
	e.next.Number(name, behind)
}
