package feed

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
)

// httpBody is the body of an answer that goes on, and its end.
type httpBody struct {
	body   io.ReadCloser
	end    context.CancelCauseFunc // of the request
	driver *httpDriver
}

func (b *httpBody) Read(p []byte) (int, error) { return b.body.Read(p) }

// close drops the connection.
func (b *httpBody) close() {
	b.end(nil)
	b.body.Close()
}

// lost turns the end of an open stream into a failure.
func (b *httpBody) lost(err error) *failure { return b.driver.patient(b.explain(err)) }

func (b *httpBody) explain(err error) *failure {
	switch {
	case err == errEndless:
		return tooLarge(b.driver.cfg.MaxMessage)
	case err == io.EOF:
		return fail(ReasonClosed, "the source ended its answer")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fail(ReasonLost, "the connection ended within the answer")
	case errors.Is(err, syscall.ECONNRESET):
		return fail(ReasonLost, "the connection was reset; the source or a firewall cut it")
	}
	return fail(ReasonLost, "the connection broke: %w", err)
}

// explainStatus speaks of an answer that is not 200.
func explainStatus(resp *http.Response) *failure {
	var f *failure
	switch code := resp.StatusCode; {
	case code == http.StatusNoContent: // WHATWG HTML, section 9.2.3
		f = fail(ReasonHandshake, "the source answered 204 No Content, which asks us not to come back; check the path in FANTAIL_SOURCE_URL")
		f.atLeast = maxRetryAfter
		return f
	case code == http.StatusSwitchingProtocols, code == http.StatusUpgradeRequired:
		f = fail(ReasonHandshake, "the source answered %d %s; if it serves a WebSocket, write ws:// or wss:// in FANTAIL_SOURCE_URL", code, http.StatusText(code))
	case code/100 == 2:
		f = fail(ReasonHandshake, "the source answered %d %s%s, which is no stream; check the path in FANTAIL_SOURCE_URL", code, http.StatusText(code), excerpt(resp.Body))
	default:
		f = explainAnswer(nil, resp, nil)
	}
	return f
}

// once reads once from a body that may go on for ever: what has arrived.
type once struct {
	body io.Reader
	done bool
}

func (o *once) Read(p []byte) (int, error) {
	if o.done {
		return 0, io.EOF
	}
	o.done = true
	return o.body.Read(p)
}

// explainType speaks of an answer that is no stream.
func explainType(resp *http.Response) *failure {
	return fail(ReasonHandshake, "the source answered with the content type %.100q%s, which is neither text/event-stream nor application/x-ndjson; check the path in FANTAIL_SOURCE_URL",
		resp.Header.Get("Content-Type"), excerpt(&once{resp.Body, false}))
}
