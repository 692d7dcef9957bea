package websocket

import (
	"context"
	"io"
)

// Discard reads messages and drops them, so that control frames are answered. It is
// Reader in a loop, for a side that only sends, and returns Reader's error once the
// connection or ctx has ended.
func (c *Conn) Discard(ctx context.Context) error {
	for {
		_, r, err := c.Reader(ctx)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			return err
		}
	}
}
