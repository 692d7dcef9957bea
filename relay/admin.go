package relay

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// slowestShown is the number of clients that /clients lists.
const slowestShown = 100

// Admin returns the handler for operators: /metrics, /clients, /debug/pprof and the
// health checks. It shows addresses and profiles, so serve it on a private listener
// only. reg is from Registry.
func (r *Relay) Admin(reg *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("/clients", r.serveClients)
	mux.HandleFunc("/healthz", r.serveHealth)
	mux.HandleFunc("/readyz", r.serveReady)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// serveClients lists the slowest clients as JSON.
func (r *Relay) serveClients(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.Encode(map[string]any{"clients": r.hub.Clients(), "slowest": r.hub.Slowest(slowestShown)})
}
