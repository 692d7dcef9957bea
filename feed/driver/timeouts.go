package driver

import (
	"context"
	"time"
)

// Timeouts that drivers share.
const (
	// HandshakeTimeout bounds a whole opening: resolving the name, TCP, TLS, the
	// protocol's own handshake, and what is sent first.
	HandshakeTimeout = 10 * time.Second
	// CloseTimeout bounds the wait for a source's answer to a goodbye.
	CloseTimeout = time.Second
	// WriteTimeout bounds the sending of one message to a source that does not read.
	WriteTimeout = 10 * time.Second
)

// Sleep waits for d or the end of ctx, and reports whether ctx has not ended. It does not
// wait if d is not above 0.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}
