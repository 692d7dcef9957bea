package ws

import (
	"context"
	"testing"

	"fantail/feed/driver"
)

// A connection that is left while its first frames are sent is no failure: it gets its
// close frame as any other does.
func TestOutboxOfALeftConnection(t *testing.T) {
	for name, rate := range map[string]driver.Rate{"no rate": {}, "a rate": {Count: 1, Per: 1}} {
		ctx, leave := context.WithCancel(t.Context())
		leave()
		o := newOutbox(nil, []string{"first", "second"}, driver.Options{}, rate.Limiter())
		if err := o.write(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := <-o.greeted; err != nil {
			t.Errorf("%s: greeted with %v", name, err)
		}
	}
}
