package broker

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"

	"fantail/feed/driver"
	"fantail/feed/internal/dial"
	"fantail/feed/internal/redact"
	"fantail/hub/setting"
)

// Explain turns the failure of a broker's handshake into a text that says what the operator
// can change.
func Explain(err error) *driver.Failure {
	other := setting.Errorf("or another kind of server listens there: check scheme and port in %v", driver.SettingURL)
	if dial.HungUp(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return driver.Fail(driver.ReasonHandshake, "the broker closed the connection during the handshake; it may want TLS, %v", other)
	}
	op, network := errors.AsType[*net.OpError](err)
	switch {
	case network && op.Op == "dial", errors.Is(err, syscall.ECONNREFUSED):
		return dial.ExplainNetwork(err)
	case dial.TimedOut(err):
		return driver.Fail(driver.ReasonHandshake, "the broker accepted the connection but did not finish the handshake within %v; it hangs, %v", driver.HandshakeTimeout, other)
	case network:
		return dial.ExplainNetwork(err)
	}
	return driver.Fail(driver.ReasonHandshake, "the handshake failed (%s); the broker does not understand it, %v", redact.Clean(err.Error()), other)
}

// explainTLS is dial.ExplainTLS for brokers.
func explainTLS(err error) *driver.Failure {
	_, record := errors.AsType[tls.RecordHeaderError](err)
	switch f := dial.ExplainTLS(err); {
	case record:
		return driver.Fail(driver.ReasonTLS, "the broker does not speak TLS at this port; use the scheme without TLS or another port in %v", driver.SettingURL)
	case f != nil:
		return f
	case dial.TimedOut(err):
		return driver.Fail(driver.ReasonTLS, "the broker did not finish the TLS handshake within %v; it hangs, or does not speak TLS at this port: use the scheme without TLS or another port in %v", driver.HandshakeTimeout, driver.SettingURL)
	case dial.HungUp(err):
		return driver.Fail(driver.ReasonTLS, "the broker closed the connection during the TLS handshake; use the scheme without TLS or another port in %v, or give it the certificate it wants", driver.SettingURL)
	}
	return dial.ExplainNetwork(err)
}
