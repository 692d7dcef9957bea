package broker

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"fantail/feed/driver"
)

// LongestWait bounds the wait between attempts to reach a broker. It is the
// operator's own, few connect to it, and he wants to see it used again within
// two seconds of its return.
const LongestWait = 1500 * time.Millisecond

// Base is what the drivers of brokers have in common.
type Base struct {
	URL
	Options   driver.Options
	PublishTo string        // what clients send is published under this name; empty = nothing is
	limit     *rate.Limiter // of that
}

// New takes the URL apart. Config.Ping may switch WebSocket's pings off; a
// broker's silence always counts.
func New(o driver.Options, defaultPort string) (Base, error) {
	u, err := parseBroker(o.URL, defaultPort)
	if o.Ping == driver.NoPing {
		o.Ping = driver.DefaultPing
	}
	b := Base{URL: u, Options: o, limit: o.Rate.Limiter()}
	if err == nil {
		b.PublishTo, err = u.Query.Word("publish", "")
	}
	return b, err
}

// RetryWithin implements RetryBounded.
func (b *Base) RetryWithin() time.Duration { return LongestWait }

// Granted reports that the broker has let us in, and grants what is read.
func (b *Base) Granted(ctx context.Context) {
	driver.Report(ctx, driver.Step{Kind: driver.StepHandshake, Detail: "let in, and what is to be read is there"})
}
