package ws

import (
	"errors"
	"io"
	"syscall"

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
	"fantail/hub/websocket"
)

// explain turns the end of an open connection into a failure.
func explain(err error) *driver.Failure {
	code, reason, ok := websocket.CloseCode(err)
	switch {
	case ok && reason != "":
		return driver.Fail(driver.ReasonClosed, "the source closed the connection with %d: %s", code, redact.Quoted(reason))
	case ok:
		return driver.Fail(driver.ReasonClosed, "the source closed the connection with %d", code)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return driver.Fail(driver.ReasonLost, "the connection ended in the middle of a message, which is dropped")
	case errors.Is(err, io.EOF):
		return driver.Fail(driver.ReasonLost, "the connection ended without a close frame")
	case errors.Is(err, syscall.ECONNRESET):
		return driver.Fail(driver.ReasonLost, "the connection was reset; the source or a firewall cut it")
	}
	return driver.Fail(driver.ReasonLost, "the connection broke: %w", err)
}
