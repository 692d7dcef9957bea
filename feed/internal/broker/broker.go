package broker

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"fantail/feed/driver"
)

// LongestWait bounds the wait between attempts to reach a broker. A broker belongs to the
// operator and has few clients, and the relay should be back within two seconds of it.
const LongestWait = 1500 * time.Millisecond

// Base is what the drivers of brokers have in common.
type Base struct {
	URL
	Options   driver.Options
	PublishTo string        // name under which clients' messages are published; empty = they are not
	limit     *rate.Limiter // of the messages that are published
}

// New parses the URL. driver.NoPing switches only WebSocket's pings off, so that the silence
// of a broker is always noticed. The error may come with a Base that serves further checks.
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

// RetryWithin implements driver.RetryBounded.
func (b *Base) RetryWithin() time.Duration { return LongestWait }

// Granted reports that the broker has accepted us and granted what is read.
func (b *Base) Granted(ctx context.Context) {
	driver.Report(ctx, driver.Step{Kind: driver.StepHandshake, Detail: "accepted, and the broker has what is to be read"})
}
