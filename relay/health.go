package relay

import (
	"fmt"
	"net/http"
	"time"
)

// sourceGrace is how long a fresh relay may be without its source. After that it counts
// as ready: clients can wait here as well as elsewhere.
const sourceGrace = 30 * time.Second

// serveHealth answers 200 as long as the process serves requests.
func (r *Relay) serveHealth(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "ok")
}

// serveReady answers 200 if new clients should be sent here: the relay is not draining,
// and the source was reached once or had its time. With ?source it is strict: the
// source must be connected now, and must not have given a fatal answer.
func (r *Relay) serveReady(w http.ResponseWriter, req *http.Request) {
	source := r.source()
	_, strict := req.URL.Query()["source"]
	switch {
	case r.notReady.Load():
		http.Error(w, "draining", http.StatusServiceUnavailable)
	case strict && source.Alarm:
		http.Error(w, "the source gave a fatal answer; see the log", http.StatusServiceUnavailable)
	case strict && !source.Connected:
		http.Error(w, "the source is not connected", http.StatusServiceUnavailable)
	case !source.EverConnected && time.Since(r.born) < sourceGrace:
		http.Error(w, "the source has not been reached yet", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ready")
	}
}
