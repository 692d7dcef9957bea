package driver

import (
	"time"

	"golang.org/x/time/rate"
)

// Rate bounds what is sent: Count frames within Per. Frames are spaced evenly,
// since a burst that the network holds up would be two bursts for the source.
// The zero value is no bound.
type Rate struct {
	Count int
	Per   time.Duration
}

// Limiter returns what keeps the rate: a token bucket of one token, of which all
// connections of a source take.
func (r Rate) Limiter() *rate.Limiter {
	if r.Count == 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(rate.Every(r.Per/time.Duration(r.Count)), 1)
}
