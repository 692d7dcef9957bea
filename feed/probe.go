package feed

import (
	"context"
	"crypto/tls"
	"errors"
	"fantail/feed/internal/redact"
	"fantail/hub/setting"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// StepKind is a step on the way to an open source.
type StepKind uint8

// The steps in their order. A source takes those it has: a recording is just
// opened.
const (
	StepSettings  StepKind = iota // headers and frames to send are read; reported only if that fails
	StepProxy                     // the environment names a proxy
	StepName                      // the host's name is resolved
	StepTCP                       // connected
	StepTLS                       // a certificate was shown and is good
	StepHandshake                 // the opening handshake is done
	StepSend                      // Config.Send has been sent
	StepOpen                      // messages may come
	steps                         // how many there are
)

var stepWords = [steps]string{"settings", "proxy", "name", "tcp", "tls", "handshake", "send", "open"}

// String returns the step's word.
func (k StepKind) String() string {
	if k < steps {
		return stepWords[k]
	}
	return fmt.Sprintf("StepKind(%d)", uint8(k))
}

// Step is a step that was done, or the one that failed.
type Step struct {
	Kind    StepKind
	Took    time.Duration // since the step before, or the start
	Detail  string        // what was found, for people; nothing secret is in it
	Expires time.Time     // of StepTLS: the end of the certificate
	Err     error         // why it failed, and what to change; nil = it did not
}

// Probe opens one connection to the source, in the way in which a Feed does,
// and publishes its messages to pub until ctx ends. It never tries again. Of
// several sources it takes one: cfg.URL is one of SourceURLs.
//
// It calls report after each step, one call at a time and from several
// goroutines, with StepOpen as the last if all went well, and with the step
// that failed if not. No call comes after Probe has returned.
//
// It returns what was received, and why it ended: nil with ctx, io.EOF with a
// source that has ended for good, and otherwise an error that says what to
// change.
func Probe(ctx context.Context, cfg Config, pub Publisher, report func(Step)) (Stats, error) {
	cfg, bad := cfg.withDefaults()
	f, err := newSingle(cfg, pub, zerolog.Nop())
	if err := errors.Join(err, bad); err != nil {
		return Stats{}, err
	}
	p := &probe{report: report, last: time.Now()}
	defer p.end()
	p.proxy(cfg.URL)
	traced := context.WithValue(httptrace.WithClientTrace(ctx, p.trace()), probeKey{}, p)
	err = f.sources[0].connect(traced)
	stats := f.Stats()
	if ctx.Err() != nil {
		return stats, nil
	}
	p.failed(err)
	return stats, err
}

// probe turns what happens on the way into steps. Its methods may be called on
// nil, which is what there is when nobody probes, and by any goroutine: the HTTP
// client dials in goroutines of its own, some of which are late.
type probe struct {
	report func(Step)

	mu      sync.Mutex // guards all below, and calls of report
	last    time.Time  // of the last step
	naming  bool       // a name is being resolved
	reached StepKind   // the last step done
	ended   bool
}

type probeKey struct{}

// probing returns the probe that ctx belongs to, or nil.
func probing(ctx context.Context) *probe {
	p, _ := ctx.Value(probeKey{}).(*probe)
	return p
}

// done reports a step, unless it or a later one was reported before.
func (p *probe) done(s Step) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doneLocked(s)
}

func (p *probe) doneLocked(s Step) {
	if p.ended || s.Err == nil && s.Kind <= p.reached {
		return
	}
	now := time.Now()
	s.Took, p.last, p.reached = now.Sub(p.last), now, s.Kind
	p.report(s)
}

func (p *probe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// proxy reports the proxy that net/http is going to use.
func (p *probe) proxy(address string) {
	if rest, found := strings.CutPrefix(strings.ToLower(address), "ws"); found {
		address = "http" + rest // as the WebSocket library dials it
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return
	}
	if via, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && via != nil {
		p.done(Step{Kind: StepProxy, Detail: "through " + via.Host + ", as HTTP_PROXY or HTTPS_PROXY says"})
	}
}

// trace returns the hooks of the HTTP client.
func (p *probe) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { p.setNaming(true) },
		DNSDone: func(info httptrace.DNSDoneInfo) {
			if info.Err == nil {
				p.setNaming(false)
				p.done(Step{Kind: StepName, Detail: addresses(info.Addrs)})
			}
		},
		ConnectDone: func(_, addr string, err error) {
			if err == nil {
				p.done(Step{Kind: StepTCP, Detail: "connected to " + addr})
			}
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			if err == nil {
				p.done(certificate(state, time.Now()))
			}
		},
	}
}

func (p *probe) setNaming(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.naming = on
}

func addresses(all []net.IPAddr) string {
	var list []string
	for _, a := range all {
		list = append(list, a.String())
	}
	return "resolved to " + strings.Join(list, ", ")
}

// certificate describes a TLS connection and the end of its certificate.
func certificate(state tls.ConnectionState, now time.Time) Step {
	s := Step{Kind: StepTLS, Detail: tls.VersionName(state.Version)}
	if len(state.PeerCertificates) > 0 {
		leaf := state.PeerCertificates[0]
		names := append(append([]string(nil), leaf.DNSNames...), addressesOf(leaf.IPAddresses)...)
		if len(names) > 3 {
			names = append(names[:3], "…")
		}
		s.Expires = leaf.NotAfter
		s.Detail += fmt.Sprintf(", certificate for %s, %d days left", redact.Clean(strings.Join(names, ", ")), int(leaf.NotAfter.Sub(now).Hours()/24))
	}
	return s
}

func addressesOf(all []net.IP) []string {
	var list []string
	for _, ip := range all {
		list = append(list, ip.String())
	}
	return list
}

// handshake reports the answer to a WebSocket's opening handshake.
func (p *probe) handshake(resp *http.Response) {
	subprotocol, compression := "no subprotocol", "no compression"
	if s := resp.Header.Get("Sec-WebSocket-Protocol"); s != "" {
		subprotocol = "subprotocol " + redact.Clean(s)
	}
	if e := resp.Header.Get("Sec-WebSocket-Extensions"); e != "" {
		compression = redact.Clean(e)
	}
	p.done(Step{Kind: StepHandshake, Detail: fmt.Sprintf("%s, %s, %s", redact.Clean(resp.Status), subprotocol, compression)})
}

// answered reports the answer to the request for a stream.
func (p *probe) answered(resp *http.Response) {
	compression := "no compression"
	if resp.Uncompressed {
		compression = "gzip"
	}
	p.done(Step{Kind: StepHandshake, Detail: fmt.Sprintf("%s, %s, %s, %s", redact.Clean(resp.Status), redact.Clean(resp.Header.Get("Content-Type")), resp.Proto, compression)})
}

// sent reports that n frames of Config.Send have been sent.
func (p *probe) sent(n int, names setting.Namer) {
	if n > 0 {
		p.done(Step{Kind: StepSend, Detail: names.Sprintf("%d sent, as %v says", n, SettingSend)})
	}
}

// opened reports that messages may come.
func (p *probe) opened() { p.done(Step{Kind: StepOpen}) }

// failed reports the step at which err ended the way. Behind StepOpen there is
// none: it is the caller who saw what came.
func (p *probe) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reached != StepOpen {
		p.doneLocked(Step{Kind: p.failedStepLocked(err), Err: err})
	}
}

func (p *probe) failedStepLocked(err error) StepKind {
	f, ok := errors.AsType[*Failure](err)
	switch {
	case !ok:
		return StepOpen
	case f.Reason == ReasonConfig:
		return StepSettings
	case f.Reason == ReasonDial && p.naming:
		return StepName
	case f.Reason == ReasonDial:
		return StepTCP
	case f.Reason == ReasonTLS:
		return StepTLS
	case f.Reason == ReasonHandshake:
		return StepHandshake
	}
	return StepSend
}
