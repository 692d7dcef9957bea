package sourcetest

import "time"

// window counts events against a Rate. One goroutine at a time.
type window struct {
	rate  Rate
	times []time.Time // of the last N allowed events, oldest first
}

// allow counts an event and reports whether the rate allows it.
func (w *window) allow(now time.Time) bool {
	if w.rate.N == 0 {
		return true
	}
	if len(w.times) == w.rate.N {
		if now.Sub(w.times[0]) < w.rate.Per {
			return false
		}
		w.times = w.times[1:]
	}
	w.times = append(w.times, now)
	return true
}
