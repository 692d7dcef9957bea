package ws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/time/rate"

	"fantail/feed/driver"
	"fantail/feed/internal/dial"
	"fantail/feed/internal/redact"
	"fantail/hub/fantailv1"
	"fantail/hub/websocket"
)

// source is the driver of ws: and wss:.
type source struct {
	opt       driver.Options
	resume    *fantailv1.Resumption // nil = the source is not treated as a relay
	limit     *rate.Limiter         // of everything that is sent, over all connections
	transport *http.Transport
}

var (
	_ driver.Resumer   = (*source)(nil)
	_ driver.Forwarder = (*source)(nil)
	_ driver.Sender    = (*stream)(nil)
)

// New returns the driver of a WebSocket source. Its errors never show the URL.
func New(o driver.Options) (driver.Driver, error) {
	if err := checkURL(o.URL); err != nil {
		return nil, fmt.Errorf("feed: the source URL %w", err)
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	d := &source{opt: o, limit: o.Rate.Limiter(), transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   o.TLS,
		DialContext:       o.Dial,
		Protocols:         &http1,
		DisableKeepAlives: true, // a refused handshake leaves no connection behind
	}}
	if o.Resume {
		d.resume = new(fantailv1.Resumption)
	}
	return d, nil
}

// Forwards implements driver.Forwarder.
func (d *source) Forwards() error { return nil }

// target returns the URL to dial and the subprotocols to offer.
func (d *source) target() (address string, subprotocols []string) {
	address = d.opt.Address()
	if d.resume == nil {
		return address, d.opt.Subprotocols
	}
	return d.resume.Address(address), fantailv1.Offer(d.opt.Subprotocols)
}

// Position implements driver.Resumer.
func (d *source) Position() string {
	if d.resume == nil {
		return ""
	}
	return d.resume.Position()
}

// Forget implements driver.Resumer.
func (d *source) Forget() {
	if d.resume != nil {
		d.resume.Reached("")
	}
}

// checkURL checks a URL by RFC 6455 section 3. Its errors never show the URL, which may hold
// secrets. They have no subject.
func checkURL(address string) error {
	u, err := url.Parse(address)
	if parse, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("is no URL: %w", parse.Err)
	}
	switch {
	case u.Host == "" || u.Hostname() == "":
		return errors.New("names no host; write it as wss://host/path")
	case u.Fragment != "" || strings.HasSuffix(address, "#"):
		return errors.New("has a fragment, which WebSocket forbids; write # as %23")
	}
	return nil
}

// Open dials, and waits for the first frames to be sent.
func (d *source) Open(ctx context.Context) (driver.Stream, error) {
	header, frames, err := d.prepare()
	if err != nil {
		return nil, err
	}
	opening, cancel := context.WithTimeout(ctx, driver.HandshakeTimeout)
	defer cancel()
	tapped := dial.NewTransport(opening, d.transport, d.limit)
	address, subprotocols := d.target()
	dial.ReportProxy(ctx, "http"+address[len("ws"):]) // as the WebSocket library dials it
	conn, resp, err := websocket.Dial(opening, address, websocket.DialOptions{
		Client:       &http.Client{Transport: tapped, CheckRedirect: dial.NoRedirect},
		Header:       header,
		Subprotocols: subprotocols,
		Compress:     true,
	})
	if err != nil {
		return nil, dial.Explain(tapped.Cause(opening, err), resp, subprotocols)
	}
	conn.SetEnded(tapped.Ended)
	reportAnswer(ctx, resp)
	if len(d.opt.Subprotocols) > 0 && conn.Subprotocol() == "" {
		conn.CloseNow()
		return nil, driver.Fail(driver.ReasonHandshake, "the source chose none of the subprotocols %q; correct or empty %v", d.opt.Subprotocols, driver.SettingSubprotocols)
	}
	s := d.streamOf(ctx, conn, tapped.Tap, resp, newOutbox(conn, frames, d.opt, d.limit))
	if err := s.greet(opening); err != nil {
		s.Close()
		return nil, err
	}
	tapped.Keep()
	if len(frames) > 0 {
		driver.Report(ctx, driver.Step{Kind: driver.StepSend, Detail: d.opt.Names.Sprintf("%d sent, as %v says", len(frames), driver.SettingFrames)})
	}
	return s, nil
}

// reportAnswer reports the answer to the opening handshake.
func reportAnswer(ctx context.Context, resp *http.Response) {
	subprotocol, compression := "no subprotocol", "no compression"
	if s := resp.Header.Get("Sec-WebSocket-Protocol"); s != "" {
		subprotocol = "subprotocol " + redact.Clean(s)
	}
	if e := resp.Header.Get("Sec-WebSocket-Extensions"); e != "" {
		compression = redact.Clean(e)
	}
	driver.Report(ctx, driver.Step{Kind: driver.StepHandshake, Detail: fmt.Sprintf("%s, %s, %s", redact.Clean(resp.Status), subprotocol, compression)})
}

// greeter is a stream that sends frames before anything else.
type greeter interface {
	driver.Stream
	// greet waits until the first frames are sent, but for at most greetWait. The
	// rest is sent while messages are read.
	greet(ctx context.Context) error
}

// streamOf returns the stream that reads an open connection.
func (d *source) streamOf(ctx context.Context, conn *websocket.Conn, t *dial.Tap, resp *http.Response, out *outbox) greeter {
	o := d.opt
	envelope := d.resume != nil && fantailv1.SendsEnvelopes(resp.Header)
	if envelope {
		o.MaxMessage = fantailv1.Room(o.MaxMessage)
	}
	conn.SetReadLimit(o.MaxMessage)
	s := newStream(ctx, conn, t, out, o)
	if !envelope && (d.resume == nil || !fantailv1.IsRelay(resp.Header)) {
		return s
	}
	return &relayStream{s, d.resume, d.opt.Notice, envelope, d.opt.MaxMessage}
}

// prepare evaluates headers and frames, which may change from connection to connection.
func (d *source) prepare() (header http.Header, frames []string, err error) {
	if d.opt.Headers != nil {
		if header, err = d.opt.Headers(); err != nil {
			return nil, nil, driver.Fail(driver.ReasonConfig, "%v: %w", driver.SettingHeaders, err)
		}
	}
	if d.opt.Frames != nil {
		if frames, err = d.opt.Frames(); err != nil {
			return nil, nil, driver.Fail(driver.ReasonConfig, "%v: %w", driver.SettingFrames, err)
		}
	}
	return header, frames, nil
}
