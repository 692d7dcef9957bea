package driver

import (
	"context"
	"time"
)

// Timeouts that drivers share.
const (
	// HandshakeTimeout bounds all of an opening: name, TCP, TLS, the protocol's own
	// handshake, and what is sent first.
	HandshakeTimeout = 10 * time.Second
	// CloseTimeout bounds the goodbye to a source that does not answer it.
	CloseTimeout = time.Second
	// WriteTimeout bounds the sending of one message to a source that takes none.
	WriteTimeout = 10 * time.Second
)

// Sleep waits for d or the end of ctx, and says whether ctx still lives.
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
