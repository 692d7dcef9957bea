package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"

	"fantail/hub/websocket"
)

// explainDial turns the failure of an opening handshake into what the operator
// can change. Its text never holds the URL, which may hold secrets.
func explainDial(err error, resp *http.Response, subprotocols []string) *failure {
	if resp != nil {
		return explainAnswer(err, resp, subprotocols)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL
	}
	if f := explainTLS(err); f != nil {
		return f
	}
	return explainNetwork(err)
}

// explainNetwork speaks of names, addresses and time.
func explainNetwork(err error) *failure {
	dns, noName := errors.AsType[*net.DNSError](err)
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case op != nil && op.Op == "proxyconnect":
		return fail(ReasonDial, "no connection to the proxy that HTTP_PROXY or HTTPS_PROXY names; correct it, or put the source's host into NO_PROXY: %w", op.Err)
	case noName && dns.IsNotFound:
		return fail(ReasonDial, "the name %s is not found; check the host in FANTAIL_SOURCE_URL", dns.Name)
	case noName:
		return fail(ReasonDial, "the name %s cannot be resolved; check this machine's DNS: %w", dns.Name, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail(ReasonDial, "%s refuses connections; check host and port in FANTAIL_SOURCE_URL, and that the source runs", peer(op))
	case op != nil && op.Op == "dial" && timedOut(err):
		return fail(ReasonDial, "%s does not answer within %v; check host and port in FANTAIL_SOURCE_URL, and the firewall", peer(op), handshakeTimeout)
	case op != nil && op.Op == "dial":
		return fail(ReasonDial, "no connection; check host and port in FANTAIL_SOURCE_URL: %w", err)
	case timedOut(err):
		return fail(ReasonHandshake, "the source took the connection but did not finish the handshake within %v", handshakeTimeout)
	case hungUp(err):
		return fail(ReasonHandshake, "the source closed the connection during the handshake; it may want TLS (wss, https), or serves something else at this port")
	}
	return fail(ReasonHandshake, "the handshake failed: %w", err)
}

func peer(op *net.OpError) string {
	if op == nil || op.Addr == nil {
		return "the source"
	}
	return op.Addr.String()
}

// hungUp says whether the peer closed the connection; net/http has no value for
// a peer that did so before the request was written.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.Contains(err.Error(), "server closed idle connection")
}

func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// explainTLS speaks of certificates, or returns nil if err is not about TLS.
func explainTLS(err error) *failure {
	if name, ok := errors.AsType[x509.HostnameError](err); ok {
		return fail(ReasonTLS, "the source's certificate is for other names; use one of them as host in FANTAIL_SOURCE_URL: %w", name)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fail(ReasonTLS, "the source's certificate is signed by an authority that this machine does not know; install the authority's certificate (SSL_CERT_FILE)")
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if bad.Reason == x509.Expired {
			return fail(ReasonTLS, "the source's certificate is out of date, or this machine's clock is wrong: %w", bad)
		}
		return fail(ReasonTLS, "the source's certificate is not valid: %w", bad)
	}
	_, record := errors.AsType[tls.RecordHeaderError](err)
	if record || errors.Is(err, http.ErrSchemeMismatch) {
		return fail(ReasonTLS, "the source does not speak TLS at this port; write ws:// or http://, or use another port, in FANTAIL_SOURCE_URL")
	}
	if strings.Contains(err.Error(), "tls: ") { // alerts have no exported type
		return fail(ReasonTLS, "no TLS with the source: %w", err)
	}
	return nil
}

// explainAnswer speaks of an HTTP answer that opens nothing.
func explainAnswer(err error, resp *http.Response, subprotocols []string) *failure {
	advice := "check the path in FANTAIL_SOURCE_URL"
	switch code := resp.StatusCode; {
	case code == http.StatusSwitchingProtocols:
		if chosen := resp.Header.Get("Sec-WebSocket-Protocol"); strings.Contains(err.Error(), "Sec-WebSocket-Protocol") {
			return fail(ReasonHandshake, "the source chose the subprotocol %.100q, but %q were offered; set FANTAIL_SOURCE_SUBPROTOCOLS", chosen, subprotocols)
		}
		return fail(ReasonHandshake, "the source's handshake breaks the protocol: %w", err)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		advice = "check the credentials in FANTAIL_SOURCE_HEADERS or FANTAIL_SOURCE_URL"
	case code == http.StatusTooManyRequests:
		advice = "the source wants fewer connections from here; check how many share this address and its credentials"
	case code/100 == 3:
		advice = "set FANTAIL_SOURCE_URL to where it points"
		if to, err := resp.Location(); err == nil {
			advice = "it points to the host " + to.Host + "; " + advice + " if you trust that"
		}
	case code/100 == 5:
		advice = "the source or a proxy before it has a problem of its own"
	case code/100 == 2:
		advice = "this is no WebSocket endpoint; " + advice
	}
	f := fail(ReasonHandshake, "the source answered %d %s%s; %s", resp.StatusCode, http.StatusText(resp.StatusCode), excerpt(resp.Body), advice)
	f.atLeast = retryAfter(resp, time.Now())
	return f
}

// excerpt returns the start of an answer's body in quotes, fit for a log line.
func excerpt(body io.Reader) string {
	if body == nil {
		return ""
	}
	b, _ := io.ReadAll(io.LimitReader(body, 1024))
	if text := quoted(string(b)); text != "" {
		return ` ("` + text + `")`
	}
	return ""
}

// clean makes another's text fit for a log line: one line of at most 200
// printable characters.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(s), " "))
	return string(runes[:min(len(runes), 200)])
}

// explainRead turns the end of an open connection into a failure.
func explainRead(err error) *failure {
	code, reason, ok := websocket.CloseCode(err)
	switch {
	case ok && reason != "":
		return fail(ReasonClosed, "the source closed the connection with %d: %s", code, quoted(reason))
	case ok:
		return fail(ReasonClosed, "the source closed the connection with %d", code)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fail(ReasonLost, "the connection ended in the middle of a message, which is dropped")
	case errors.Is(err, io.EOF):
		return fail(ReasonLost, "the connection ended without a close frame")
	case errors.Is(err, syscall.ECONNRESET):
		return fail(ReasonLost, "the connection was reset; the source or a firewall cut it")
	}
	return fail(ReasonLost, "the connection broke: %w", err)
}
