//go:build unix

package feed

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"fantail/feed/internal/feedtest"
)

// TestPublishNeedsAName: a broker is forwarded to only where its URL says how.
func TestPublishNeedsAName(t *testing.T) {
	for _, url := range []string{"redis://h?subscribe=a", "redis://h?stream=s", "nats://h?subject=a", "nats://h?stream=S", "amqp://h?exchange=x"} {
		if _, err := New(Config{Sources: Sources{URL: url}, Sending: Sending{Uplink: true}}, feedtest.NewSink(), zerolog.Nop()); err == nil || !feedtest.Holds(err.Error(), []string{"Config.Sending.Uplink", "publish="}) {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := New(Config{Sources: Sources{URL: url + "&publish=b"}, Sending: Sending{Uplink: true}}, feedtest.NewSink(), zerolog.Nop()); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := New(Config{Sources: Sources{URL: url + "&publish="}, Sending: Sending{Uplink: true}}, feedtest.NewSink(), zerolog.Nop()); err == nil || !strings.Contains(err.Error(), "publish is empty") {
			t.Errorf("%s with an empty name: %v", url, err)
		}
	}
}
