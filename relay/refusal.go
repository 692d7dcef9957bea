package relay

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
)

// refusalReason is why a request was refused: the metric label and the log field. No
// other code adds one. A message of a connected client is rejected, which is another matter:
// see rejectedMessage.
type refusalReason uint8

const (
	refusedMethod refusalReason = iota
	refusedUpgrade
	refusedBody
	refusedExtensions
	refusedQuery
	refusedOrigin
	refusedPerIP
	refusedRate
	refusedFull
	refusedFilters
	refusedDraining
	refusedNoSnapshot
	refusedToken
	refusedTooLarge
	refusedBusy
	refusedBehind
	refusedHandshake // taking the connection over failed: the library has answered, or the client is gone
	refusalReasons
)

// refusalRows have the word and the status of each reason (RFC 9110 section 15, RFC
// 6585 section 4). retry asks the client to come back.
var refusalRows = [refusalReasons]struct {
	word   string
	status int
	retry  bool
}{
	refusedMethod:     {"method", http.StatusMethodNotAllowed, false},
	refusedUpgrade:    {"upgrade", http.StatusUpgradeRequired, false},
	refusedBody:       {"body", http.StatusBadRequest, false},
	refusedExtensions: {"extensions", http.StatusBadRequest, false},
	refusedQuery:      {"query", http.StatusBadRequest, false},
	refusedOrigin:     {"origin", http.StatusForbidden, false},
	refusedPerIP:      {"per-ip", http.StatusTooManyRequests, true},
	refusedRate:       {"rate", http.StatusServiceUnavailable, true},
	refusedFull:       {"full", http.StatusServiceUnavailable, true},
	refusedFilters:    {"filters", http.StatusServiceUnavailable, true},
	refusedDraining:   {"draining", http.StatusServiceUnavailable, true},
	refusedNoSnapshot: {"no-snapshot", http.StatusNotFound, false},
	refusedToken:      {"token", http.StatusUnauthorized, false},
	refusedTooLarge:   {"too-large", http.StatusRequestEntityTooLarge, false},
	refusedBusy:       {"busy", http.StatusServiceUnavailable, true},
	refusedBehind:     {"behind", http.StatusServiceUnavailable, true},
	refusedHandshake:  {"handshake", 0, false},
}

// String returns the reason's word.
func (r refusalReason) String() string { return refusalRows[r].word }

// refusal is the answer to a request that was refused: its reason, and the sentence
// that tells the client what to change.
type refusal struct {
	reason   refusalReason
	sentence string
}

// refusalf makes a refusal. Its sentence is formatted as by fmt.Sprintf.
func refusalf(reason refusalReason, format string, args ...any) *refusal {
	return &refusal{reason, fmt.Sprintf(format, args...)}
}

// retrySeconds spreads clients that were refused together: each comes back at a random
// time within so many seconds.
const retrySeconds = 10

// refuseHTTP answers a request with its refusal, counts it, and logs one line.
func (r *Relay) refuseHTTP(w http.ResponseWriter, req *http.Request, f *refusal) {
	r.refusals[f.reason].Add(1)
	row := refusalRows[f.reason]
	r.log.Debug().Stringer("reason", f.reason).Stringer("client", r.proxies.client(req)).
		Str("path", clip(req.URL.Path)).Int("status", row.status).Msg(f.sentence)
	if f.reason == refusedOrigin {
		r.originLog.Warn().Str("origin", clip(req.Header.Get("Origin"))).Str("host", clip(req.Host)).
			Msg(r.names.Sprintf("a page of another origin was refused; to allow it, add its origin to %v", settingOrigins))
	}
	if row.status == 0 {
		return
	}
	h := w.Header()
	switch f.reason {
	case refusedMethod:
		if h.Get("Allow") == "" {
			h.Set("Allow", http.MethodGet)
		}
	case refusedUpgrade:
		h.Set("Upgrade", "websocket")
	}
	if row.retry {
		h.Set("Retry-After", strconv.Itoa(1+rand.IntN(retrySeconds)))
	}
	r.share(h, req)
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close") // do not wait for a body that may never come
	http.Error(w, f.sentence, row.status)
}

// clip shortens what a client sent, for a log line.
func clip(s string) string { return s[:min(len(s), 200)] }
