package dial

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

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
	"fantail/hub/setting"
)

// Explain turns the failure of an opening handshake into a text that says what the operator can
// change. The text never holds the URL, which may hold secrets.
func Explain(err error, resp *http.Response, subprotocols []string) *driver.Failure {
	if resp != nil {
		return ExplainAnswer(err, resp, subprotocols)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL
	}
	if f := ExplainTLS(err); f != nil {
		return f
	}
	return ExplainNetwork(err)
}

// ExplainNetwork explains failures of names, addresses and time. It never returns nil.
func ExplainNetwork(err error) *driver.Failure {
	dns, noName := errors.AsType[*net.DNSError](err)
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case op != nil && op.Op == "proxyconnect":
		return driver.Fail(driver.ReasonDial, "no connection to the proxy that HTTP_PROXY or HTTPS_PROXY names; correct it, or put the source's host into NO_PROXY: %w", op.Err)
	case noName && dns.IsNotFound:
		return driver.Fail(driver.ReasonDial, "the name %s is not found; check the host in %v", dns.Name, driver.SettingURL)
	case noName:
		return driver.Fail(driver.ReasonDial, "the name %s cannot be resolved; check this machine's DNS: %w", dns.Name, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return driver.Fail(driver.ReasonDial, "%s refuses connections; check host and port in %v, and that the source runs", peerOf(op), driver.SettingURL)
	case op != nil && op.Op == "dial" && TimedOut(err):
		return driver.Fail(driver.ReasonDial, "%s does not answer within %v; check host and port in %v, and the firewall", peerOf(op), driver.HandshakeTimeout, driver.SettingURL)
	case op != nil && op.Op == "dial":
		return driver.Fail(driver.ReasonDial, "no connection; check host and port in %v: %w", driver.SettingURL, err)
	case TimedOut(err):
		return driver.Fail(driver.ReasonHandshake, "the source accepted the connection but did not finish the handshake within %v", driver.HandshakeTimeout)
	case HungUp(err):
		return driver.Fail(driver.ReasonHandshake, "the source closed the connection during the handshake; it may want TLS (wss, https), or serves something else at this port")
	}
	return driver.Fail(driver.ReasonHandshake, "the handshake failed: %w", err)
}

func peerOf(op *net.OpError) string {
	if op == nil || op.Addr == nil {
		return "the source"
	}
	return op.Addr.String()
}

// HungUp reports whether the peer closed the connection. net/http has no error value for a peer that
// did so before the request was written, so the text is checked too.
func HungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.Contains(err.Error(), "server closed idle connection")
}

// TimedOut reports whether err is the end of a deadline.
func TimedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// ExplainTLS explains failures of TLS and certificates. It returns nil if err is not about TLS.
func ExplainTLS(err error) *driver.Failure {
	if name, ok := errors.AsType[x509.HostnameError](err); ok {
		return driver.Fail(driver.ReasonTLS, "the source's certificate is for other names; use one of them as host in %v: %w", driver.SettingURL, name)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return driver.Fail(driver.ReasonTLS, "the source's certificate is signed by an authority that this machine does not know; install the authority's certificate (SSL_CERT_FILE)")
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if bad.Reason == x509.Expired {
			return driver.Fail(driver.ReasonTLS, "the source's certificate is out of date, or this machine's clock is wrong: %w", bad)
		}
		return driver.Fail(driver.ReasonTLS, "the source's certificate is not valid: %w", bad)
	}
	_, record := errors.AsType[tls.RecordHeaderError](err)
	if record || errors.Is(err, http.ErrSchemeMismatch) {
		return driver.Fail(driver.ReasonTLS, "the source does not speak TLS at this port; write ws:// or http://, or use another port, in %v", driver.SettingURL)
	}
	if strings.Contains(err.Error(), "tls: ") { // alerts have no exported type
		return driver.Fail(driver.ReasonTLS, "no TLS with the source: %w", err)
	}
	return nil
}

// ExplainAnswer explains an HTTP answer that does not open a connection.
func ExplainAnswer(err error, resp *http.Response, subprotocols []string) *driver.Failure {
	advice := setting.Errorf("check the path in %v", driver.SettingURL)
	switch code := resp.StatusCode; {
	case code == http.StatusSwitchingProtocols:
		if chosen := resp.Header.Get("Sec-WebSocket-Protocol"); strings.Contains(err.Error(), "Sec-WebSocket-Protocol") {
			return driver.Fail(driver.ReasonHandshake, "the source chose the subprotocol %.100q, but %q were offered; set %v", chosen, subprotocols, driver.SettingSubprotocols)
		}
		return driver.Fail(driver.ReasonHandshake, "the source's handshake breaks the protocol: %w", err)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		advice = setting.Errorf("check the credentials in %v or %v", driver.SettingHeaders, driver.SettingURL)
	case code == http.StatusTooManyRequests:
		advice = setting.Errorf("the source wants fewer connections from here; check how many share this address and its credentials")
	case code/100 == 3:
		advice = setting.Errorf("set %v to where it points", driver.SettingURL)
		if to, err := resp.Location(); err == nil {
			advice = setting.Errorf("it points to the host %s; %v if you trust that", to.Host, advice)
		}
	case code/100 == 5:
		advice = setting.Errorf("the source or a proxy in front of it has a problem of its own")
	case code/100 == 2:
		advice = setting.Errorf("this is no WebSocket endpoint; %v", advice)
	}
	f := driver.Fail(driver.ReasonHandshake, "the source answered %d %s%s; %v", resp.StatusCode, http.StatusText(resp.StatusCode), Excerpt(resp.Body), advice)
	f.AtLeast = retryAfter(resp, time.Now())
	return f
}

// Excerpt returns the start of an answer's body in quotes, fit for a log line.
func Excerpt(body io.Reader) string {
	if body == nil {
		return ""
	}
	b, _ := io.ReadAll(io.LimitReader(body, 1024))
	if text := redact.Quoted(string(b)); text != "" {
		return ` ("` + text + `")`
	}
	return ""
}
