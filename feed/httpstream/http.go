package httpstream

import (
	"context"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/dial"
	"fantail/feed/internal/lines"
	"fantail/feed/internal/redact"
	"fantail/hub"
	"fantail/hub/fantailv1"
)

// source is the driver of http: and https:.
type source struct {
	opt       driver.Options
	transport *http.Transport

	resume fantailv1.Resumption // the id of the last event, or the position behind the last envelope
	retry  atomic.Int64         // ns that the source last asked us to wait before we come back
}

var _ driver.Resumer = (*source)(nil)

// New returns the driver of a source that answers a GET with a stream. Its errors never show
// the URL.
func New(o driver.Options) (driver.Driver, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("feed: the source URL is no URL: %w", err.(*url.Error).Err)
	case u.Hostname() == "":
		return nil, fmt.Errorf("feed: the source URL names no host; write it as %s://host/path", u.Scheme)
	}
	both := new(http.Protocols)
	both.SetHTTP1(true)
	both.SetHTTP2(true)
	return &source{opt: o, transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   o.TLS,
		DialContext:       o.Dial,
		Protocols:         both,
		HTTP2:             &http.HTTP2Config{SendPingTimeout: max(0, o.Ping), PingTimeout: max(0, o.Ping)},
		DisableKeepAlives: true, // a refused request leaves no connection behind
	}}, nil
}

// Position implements driver.Resumer. The id of an event that is no position of a relay is
// none.
func (d *source) Position() string {
	if at := d.resume.Position(); fantailv1.IsPosition(at) {
		return at
	}
	return ""
}

// Forget implements driver.Resumer.
func (d *source) Forget() { d.resume.Reached("") }

// Open asks for the stream. The head of the answer must come within
// driver.HandshakeTimeout.
func (d *source) Open(ctx context.Context) (driver.Stream, error) {
	ctx, end := context.WithCancelCause(ctx)
	late := time.AfterFunc(driver.HandshakeTimeout, func() { end(context.DeadlineExceeded) })
	defer late.Stop()
	req, err := d.request(ctx)
	if err != nil {
		end(nil)
		return nil, err
	}
	dial.ReportProxy(ctx, req.URL.String())
	tapped := dial.NewTransport(ctx, d.transport, nil)
	resp, err := (&http.Client{Transport: tapped, CheckRedirect: dial.NoRedirect}).Do(req)
	if err != nil {
		failed := dial.Explain(tapped.Cause(ctx, err), nil, nil)
		end(nil)
		return nil, d.withRetryFloor(failed)
	}
	body := &body{body: resp.Body, end: end, driver: d}
	s, failed := d.read(resp, body)
	if failed == nil && !late.Stop() {
		failed = driver.Fail(driver.ReasonHandshake, "the source did not answer within %v", driver.HandshakeTimeout)
	}
	if failed != nil {
		body.Close()
		return nil, d.withRetryFloor(failed)
	}
	reportStream(ctx, resp)
	return s, nil
}

// reportStream reports the answer to the request for a stream.
func reportStream(ctx context.Context, resp *http.Response) {
	compression := "no compression"
	if resp.Uncompressed {
		compression = "gzip"
	}
	driver.Report(ctx, driver.Step{Kind: driver.StepHandshake, Detail: fmt.Sprintf("%s, %s, %s, %s",
		redact.Clean(resp.Status), redact.Clean(resp.Header.Get("Content-Type")), resp.Proto, compression)})
}

// request makes the request, with the headers evaluated now.
func (d *source) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.opt.Address(), nil)
	if err != nil {
		return nil, fmt.Errorf("feed: the source URL: %w", err)
	}
	req.Header.Set("Accept", "text/event-stream, application/x-ndjson;q=0.9, application/json;q=0.5")
	req.Header.Set("Cache-Control", "no-store")
	req.Header.Set("User-Agent", "fantail")
	if d.opt.Headers != nil {
		own, err := d.opt.Headers()
		if err != nil {
			return nil, driver.Fail(driver.ReasonConfig, "%v: %w", driver.SettingHeaders, err)
		}
		for name, values := range own {
			req.Header[name] = values
		}
	}
	if at := d.resume.Position(); at != "" {
		req.Header.Set("Last-Event-ID", at)
	}
	return req, nil
}

// read returns the stream that reads the answer's body, by its content type.
func (d *source) read(resp *http.Response, body *body) (driver.Stream, *driver.Failure) {
	if resp.StatusCode != http.StatusOK {
		d.dropResumePoint(resp.StatusCode)
		return nil, explainStatus(resp)
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" {
		return nil, driver.Fail(driver.ReasonHandshake, "the source's answer has the encoding %.40q, which was not asked for; remove Accept-Encoding from %v", coding, driver.SettingHeaders)
	}
	most := int(min(d.opt.MaxMessage, math.MaxInt32))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case kind == "text/event-stream":
		lines := lines.NewBounded(body, most+len("data: "), true)
		return &eventStream{body: body, parser: newParser(lines, most, d.resume.Position()), relay: fantailv1.IsRelay(resp.Header)}, nil
	case fantailv1.IsRelay(resp.Header) && kind == "application/x-ndjson":
		lines := lines.NewBounded(body, int(fantailv1.Room(int64(most))), false)
		return &envelopeLines{body, lines, d.opt.MaxMessage}, nil
	case isLines(kind, resp):
		return &messageLines{body: body, lines: lines.NewBounded(body, most+len("\r"), false), max: most}, nil
	}
	return nil, explainType(resp)
}

// isLines reports whether an answer is a stream of JSON values, one on each line. Plain JSON
// without a length also counts, because many services call such a stream so.
func isLines(kind string, resp *http.Response) bool {
	switch kind {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines", "application/x-jsonlines", "application/stream+json":
		return true
	}
	return kind == "application/json" && resp.ContentLength < 0
}

// dropResumePoint forgets the point from which the source was asked to resume, if its status
// may refuse that point. Otherwise the source would be asked for the same point again and
// again.
func (d *source) dropResumePoint(status int) {
	switch status {
	case http.StatusBadRequest, http.StatusGone, http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		if d.resume.Position() != "" {
			d.Forget()
			d.opt.Notice(fantailv1.Notice{Kind: hub.Gap.String(), Unknown: true})
		}
	}
}

// maxRetry bounds the wait for which retry: of an event stream asks.
const maxRetry = 30 * time.Second

// withRetryFloor sets the shortest wait after a failure to the source's last retry:, up to
// maxRetry.
func (d *source) withRetryFloor(f *driver.Failure) *driver.Failure {
	f.AtLeast = max(f.AtLeast, min(time.Duration(d.retry.Load()), maxRetry))
	return f
}
