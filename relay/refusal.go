package relay

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
)

// refusal is why a handshake was refused: the metric label and the word that
// the client reads. The set is closed.
type refusal uint8

const (
	refusedMethod    refusal = iota // 405
	refusedUpgrade                  // 426
	refusedBody                     // 400
	refusedQuery                    // 400
	refusedOrigin                   // 403
	refusedFull                     // 503
	refusedDraining                 // 503
	refusedHandshake                // what the library found wrong: 400, 426
	refusals
)

var refusalWords = [...]string{"method", "upgrade", "body", "query", "origin", "full", "draining", "handshake"}

func (f refusal) String() string { return refusalWords[f] }

// refuse answers a handshake with one sentence, and counts it.
func (r *Relay) refuse(w http.ResponseWriter, req *http.Request, why refusal, status int, format string, args ...any) {
	r.refused[why].Add(1)
	sentence := fmt.Sprintf(format, args...)
	r.log.Debug().Stringer("reason", why).Str("remote", req.RemoteAddr).Str("path", req.URL.Path).Int("status", status).Msg(sentence)
	if status == http.StatusServiceUnavailable {
		// Jitter: those who were refused together do not come back together.
		w.Header().Set("Retry-After", strconv.Itoa(1+rand.IntN(10)))
	}
	w.Header().Set("Connection", "close") // and do not wait for a body that may never come
	http.Error(w, sentence, status)
}
