package nats

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
)

// TestNATSBeatWaitsAnew: a tick that waited for a slow reader is no reason to
// give up at the next one, which is due soon.
func TestNATSBeatWaitsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &natsConn{window: newWindow(nil, nil), queue: make(chan *nats.Msg), closed: make(chan struct{}), refused: make(chan error)}
		s := &natsConsumer{source: &natsStream{name: "S"}, conn: c, heard: true, beat: time.NewTicker(3 * natsBeat)}
		defer s.beat.Stop()
		time.Sleep(6*natsBeat - time.Millisecond) // the reader is busy
		began := time.Now()
		_, err := s.Next()
		if took := time.Since(began); took != 3*natsBeat || err == nil || !strings.Contains(err.Error(), "said nothing") {
			t.Errorf("gave up after %v: %v", took, err)
		}
	})
}
