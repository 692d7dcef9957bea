package load

import (
	"context"
	"sync"
	"time"
)

// stormTime bounds a storm.
const stormTime = 60 * time.Second

// Storm is the result of cutting all clients at once and having them resume.
type Storm struct {
	Clients int     `json:"clients"`    // cut, each with a position to resume at
	Back    int     `json:"back"`       // connected again
	Live    int     `json:"live"`       // got a message that is younger than their connection
	Seconds float64 `json:"seconds"`    // from the cut until the last of them was live
	Resumed *Spread `json:"resumed_ms"` // from the cut until each was live; null: none was
	Missed  int64   `json:"missed"`     // messages that never came
	Repeats int64   `json:"repeats"`    // messages that came twice
}

// awaited is the time at which a client is live again: that of the first message which
// was sent after the client was back.
type awaited struct {
	mu   sync.Mutex
	back time.Time // zero: not connected again yet
	live time.Time // zero: not live yet
}

// note takes the time a message was sent, in ns since 1970.
func (a *awaited) note(sent, now int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.live.IsZero() && !a.back.IsZero() && sent > a.back.UnixNano() {
		a.live = time.Unix(0, now)
	}
}

func (a *awaited) begin(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.back = at
}

func (a *awaited) state() (back, live time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.back, a.live
}

// storm cuts all connections and opens them again as fast as possible. Each client
// resumes after its last position.
func (r *run) storm(ctx context.Context) *Storm {
	ctx, cancel := context.WithTimeout(ctx, stormTime)
	defer cancel()
	cut := time.Now()
	r.engine.close() // from here on nobody reads, and the clients are ours
	r.renew()
	before := sum(r.tallies)
	clients := r.connector.followed()
	free := make(chan struct{}, maxDialing)
	var wg sync.WaitGroup
	for i, s := range clients {
		free <- struct{}{}
		wg.Go(func() { // ended by ctx, or handshakeTimeout
			r.connector.again(ctx, i, s)
			<-free
		})
	}
	wg.Wait()
	for ctx.Err() == nil && !allLive(clients) {
		r.wait(ctx, "storm", tick, 0)
	}
	return stormResult(clients, cut, sum(r.tallies).minus(before))
}

// allLive reports whether each client that is back is live.
func allLive(clients map[int]*sample) bool {
	for _, s := range clients {
		if back, live := s.awaited.state(); !back.IsZero() && live.IsZero() {
			return false
		}
	}
	return true
}

func stormResult(clients map[int]*sample, cut time.Time, since totals) *Storm {
	s, took := &Storm{Clients: len(clients), Missed: since.missed, Repeats: since.repeats}, newHistogram()
	for _, one := range clients {
		back, live := one.awaited.state()
		if !back.IsZero() {
			s.Back++
		}
		if !live.IsZero() {
			s.Live++
			record(took, live.Sub(cut).Nanoseconds())
			s.Seconds = max(s.Seconds, live.Sub(cut).Seconds())
		}
	}
	s.Resumed = spread(took)
	return s
}
