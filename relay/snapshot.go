package relay

import (
	"bufio"
	"net/http"
	"time"

	"fantail/hub"
	"fantail/hub/fantailv1"
)

// snapshotTime bounds the answer of /snapshot.
const snapshotTime = 60 * time.Second

// serveSnapshot answers with the newest message of each key, or of the keys that were
// asked for: one envelope a line, in the order of their sequences. Fantail-Position is
// the place after them: since=<it> goes on without a hole.
func (r *Relay) serveSnapshot(w http.ResponseWriter, req *http.Request) {
	q, refused := r.askForSnapshot(req)
	if refused != nil {
		r.refuseHTTP(w, req, refused)
		return
	}
	r.share(w.Header(), req)
	r.writeSnapshot(w, q.filter)
}

func (r *Relay) askForSnapshot(req *http.Request) (q query, refused *refusal) {
	if refused = checkStreamForm(req); refused != nil {
		return q, refused
	}
	if refused = r.rules.checkOrigin(request{origin: req.Header.Get("Origin"), host: req.Host}); refused != nil {
		return q, refused
	}
	if q, refused = parseQuery(req.URL.RawQuery, ""); refused != nil {
		return q, refused
	}
	switch {
	case q.since != nil || q.last > 0 || q.snapshot || q.policy != nil:
		refused = refusalf(refusedQuery, "a snapshot takes no parameter but key")
	case !r.rules.snapshot:
		refused = refusalf(refusedNoSnapshot, "this relay keeps no snapshot; its operator can turn it on by %s", r.names.Name(settingSnapshot))
	}
	return q, refused
}

func (r *Relay) writeSnapshot(w http.ResponseWriter, filter *hub.Filter) {
	messages, at := r.hub.Snapshot(filter)
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	h.Set(fantailv1.PositionHeader, at.String())
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(snapshotTime))
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for _, m := range messages {
		line = append(appendEnvelope(line[:0], r.hub.Position(m.Seq()), m), '\n')
		if _, err := out.Write(line); err != nil {
			return
		}
	}
	out.Flush()
}
