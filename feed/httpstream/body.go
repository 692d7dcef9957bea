package httpstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"

	"fantail/feed/driver"
	"fantail/feed/internal/dial"
	"fantail/feed/internal/lines"
)

// body is the body of an answer that goes on. It turns the end of the body into a failure.
// One goroutine uses it.
type body struct {
	body   io.ReadCloser
	end    context.CancelCauseFunc // ends the request
	driver *source
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) { return b.body.Read(p) }

// Close drops the connection.
func (b *body) Close() {
	b.end(nil)
	b.body.Close()
}

// lost turns the end of an open stream into a failure.
func (b *body) lost(err error) *driver.Failure { return b.driver.withRetryFloor(b.explain(err)) }

func (b *body) explain(err error) *driver.Failure {
	switch {
	case err == lines.ErrEndless:
		return driver.TooLarge(b.driver.opt.MaxMessage)
	case err == io.EOF:
		return driver.Fail(driver.ReasonClosed, "the source ended its answer")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return driver.Fail(driver.ReasonLost, "the connection ended in the middle of the answer")
	case errors.Is(err, syscall.ECONNRESET):
		return driver.Fail(driver.ReasonLost, "the connection was reset; the source or a firewall cut it")
	}
	return driver.Fail(driver.ReasonLost, "the connection broke: %w", err)
}

// explainStatus returns the failure of an answer that is not 200.
func explainStatus(resp *http.Response) *driver.Failure {
	var f *driver.Failure
	switch code := resp.StatusCode; {
	case code == http.StatusNoContent: // WHATWG HTML, section 9.2.3
		f = driver.Fail(driver.ReasonHandshake, "the source answered 204 No Content, which asks us not to come back; check the path in %v", driver.SettingURL)
		f.AtLeast = dial.MaxRetryAfter
		return f
	case code == http.StatusSwitchingProtocols, code == http.StatusUpgradeRequired:
		f = driver.Fail(driver.ReasonHandshake, "the source answered %d %s; if it serves a WebSocket, write ws:// or wss:// in %v", code, http.StatusText(code), driver.SettingURL)
	case code/100 == 2:
		f = driver.Fail(driver.ReasonHandshake, "the source answered %d %s%s, which is no stream; check the path in %v", code, http.StatusText(code), dial.Excerpt(resp.Body), driver.SettingURL)
	default:
		f = dial.ExplainAnswer(nil, resp, nil)
	}
	return f
}

// oneRead reads once from a body that may never end, which returns what has arrived.
type oneRead struct {
	body io.Reader
	done bool
}

func (o *oneRead) Read(p []byte) (int, error) {
	if o.done {
		return 0, io.EOF
	}
	o.done = true
	return o.body.Read(p)
}

// explainType returns the failure of an answer whose content type is no stream.
func explainType(resp *http.Response) *driver.Failure {
	return driver.Fail(driver.ReasonHandshake, "the source answered with the content type %.100q%s, which is neither text/event-stream nor application/x-ndjson; check the path in %v", resp.Header.Get("Content-Type"), dial.Excerpt(&oneRead{resp.Body, false}), driver.SettingURL)
}
