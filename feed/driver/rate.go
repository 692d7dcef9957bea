package driver

import (
	"time"

	"golang.org/x/time/rate"
)

// Rate bounds what is sent: Count frames within Per. Frames are spaced evenly, because two
// bursts may reach the source as one if the network holds up the first. The zero value
// is no bound.
type Rate struct {
	Count int           // frames; 0 = no bound
	Per   time.Duration // above 0 if Count is
}

// Limiter returns a token bucket of one token that keeps the rate. All connections of a
// source share it.
func (r Rate) Limiter() *rate.Limiter {
	if r.Count == 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(rate.Every(r.Per/time.Duration(r.Count)), 1)
}
