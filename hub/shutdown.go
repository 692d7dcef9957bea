package hub

import (
	"context"
	"time"
)

// Drain tells the clients to go, evenly over the window. Each client gets its position,
// after everything that was published before. Drain returns when the last client is
// gone or ctx ends. It leaves the last second of the window, or half of a shorter
// window, for the clients' answers. A client that joins meanwhile is told at once. The
// feed may go on.
func (h *Hub) Drain(ctx context.Context, window time.Duration) {
	h.mu.Lock()
	h.draining = true
	clients := append([]*Client(nil), h.clients...)
	h.mu.Unlock()

	spread := window - min(linger, window/2)
	began := time.Now()
	for i, c := range clients {
		due := began.Add(spread * time.Duration(i) / time.Duration(len(clients)))
		if !sleepUntil(ctx, due) {
			break
		}
		c.Leave(Draining)
	}
	for h.Clients() > 0 {
		select {
		case <-h.vacant:
		case <-ctx.Done():
			return
		}
	}
}

func sleepUntil(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close ends everything that the hub started, at once: the clients' connections, even
// if their drainers are at work, the pumps and the sweep. It returns when all have
// ended. Close is idempotent.
func (h *Hub) Close() error {
	h.mu.Lock()
	first := !h.closed
	h.closed = true
	clients := append([]*Client(nil), h.clients...)
	h.mu.Unlock()
	if first {
		close(h.done)
	}
	for _, c := range clients {
		c.Leave(Stopped)
		c.Close()
	}
	h.goroutines.Wait()
	h.demand.stop()
	return nil
}
