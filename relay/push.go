package relay

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"fantail/hub"
)

const (
	// pushTime bounds the reading of one request.
	pushTime = 60 * time.Second
	// pushAtOnce bounds the requests whose bodies are in memory.
	pushAtOnce = 4
	// maxPushLines bounds the messages of one body, because short ones take more memory
	// than their bytes.
	maxPushLines = 1 << 16
)

var (
	// ErrBusy says that a message cannot be taken now, and perhaps later.
	ErrBusy = errors.New("relay: more messages than can be taken at once")
	// ErrTooLarge says that a message is too large, now and later.
	ErrTooLarge = errors.New("relay: the message is too large")
)

// Push says what happens to messages that are POSTed to /push. Without Take there is no
// such path.
type Push struct {
	// Take takes messages, in their order and all or none, without waiting. It owns
	// their payloads from then on. Its error is ErrBusy, ErrTooLarge, or one that the
	// client is told. Any goroutine calls it.
	Take func([]hub.Input) error
	// Token returns the token that a request must have. It is called for each request,
	// because it may come from a file. With an empty token nobody can push.
	Token func() (string, error)
	// MaxBody bounds the bytes of one request, default 16 MiB.
	MaxBody int64
}

// pushHandler is /push. Any goroutine.
type pushHandler struct {
	Push
	relay *Relay
	busy  chan struct{} // a slot for each body that is being read; never closed
}

func newPushHandler(r *Relay, p Push) *pushHandler {
	if p.MaxBody <= 0 {
		p.MaxBody = 16 << 20
	}
	return &pushHandler{p, r, make(chan struct{}, pushAtOnce)}
}

// ServeHTTP takes the body as one message, or as one message a line if it is NDJSON. It
// answers 202 when the feed has taken them.
func (h *pushHandler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	key, refused := h.check(w, req)
	if refused == nil {
		refused = h.take(w, req, key)
	}
	if refused != nil {
		h.relay.refuseHTTP(w, req, refused)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// check asks everything that can be asked before the body is read.
func (h *pushHandler) check(w http.ResponseWriter, req *http.Request) (key string, refused *refusal) {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return "", refusalf(refusedMethod, "use POST to push messages")
	}
	if refused := h.checkToken(req); refused != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return "", refused
	}
	values, err := url.ParseQuery(req.URL.RawQuery)
	for name := range values {
		if name != "key" || len(values[name]) > 1 {
			return "", refusalf(refusedQuery, "unknown or repeated parameter %.40q; only key is known here, once", name)
		}
	}
	if key = values.Get("key"); err != nil || len(key) > hub.MaxKey || !utf8.ValidString(key) {
		return "", refusalf(refusedQuery, "the query cannot be read, or its key is not UTF-8 or has more than %d bytes", hub.MaxKey)
	}
	return key, nil
}

// checkToken compares in constant time, the lengths too.
func (h *pushHandler) checkToken(req *http.Request) *refusal {
	want, err := h.Token()
	if err != nil || want == "" {
		h.relay.originLog.Warn().Err(err).Msg(h.relay.names.Sprintf("a request to push was refused, because %v cannot be read or is empty", settingPushToken))
		return refusalf(refusedToken, "the token cannot be checked; ask this relay's operator")
	}
	scheme, shown, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	a, b := sha256.Sum256([]byte(strings.TrimSpace(shown))), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 || !strings.EqualFold(scheme, "Bearer") {
		return refusalf(refusedToken, "send the header Authorization: Bearer with the token of this relay's operator")
	}
	return nil
}

// take reads the body and hands it on.
func (h *pushHandler) take(w http.ResponseWriter, req *http.Request, key string) *refusal {
	select {
	case h.busy <- struct{}{}:
		defer func() { <-h.busy }()
	default:
		return refusalf(refusedBusy, "too many messages at once; send them again later")
	}
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(pushTime)) // beside a test's recorder there is none
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, h.MaxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return refusalf(refusedTooLarge, "the body has more than %d bytes; send less at once", h.MaxBody)
	}
	if err != nil {
		return refusalf(refusedBody, "the body ended early; send it again")
	}
	messages, refused := divide(body, req.Header.Get("Content-Type"), key)
	if refused != nil {
		return refused
	}
	switch err := h.Take(messages); {
	case errors.Is(err, ErrTooLarge):
		return refusalf(refusedTooLarge, "a message is too large; raise %s of this relay", h.relay.names.Name(settingPushBody))
	case errors.Is(err, ErrBusy):
		return refusalf(refusedBusy, "too many messages at once; send them again later")
	case err != nil:
		return refusalf(refusedBusy, "not taken: %s", err)
	}
	return nil
}

// divide makes messages of a body: one message, or one for each line that is not empty.
// Only LF ends a line.
func divide(body []byte, contentType, key string) ([]hub.Input, *refusal) {
	kind, _, _ := mime.ParseMediaType(contentType)
	if kind != "application/x-ndjson" && kind != "application/ndjson" && kind != "application/jsonl" {
		if len(body) == 0 {
			return nil, refusalf(refusedBody, "there is no message in the body")
		}
		return []hub.Input{{Key: key, Payload: body}}, nil
	}
	var messages []hub.Input
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(messages) == maxPushLines {
			return nil, refusalf(refusedTooLarge, "the body has more than %d lines; send less at once", maxPushLines)
		}
		messages = append(messages, hub.Input{Key: key, Payload: line})
	}
	if len(messages) == 0 {
		return nil, refusalf(refusedBody, "there is no message in the body")
	}
	return messages, nil
}
