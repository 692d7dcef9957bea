package nats

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
)

// TestNATSBeatStartsOver: a tick waited for a slow reader. The next tick, which is due soon, is
// no reason to give up.
func TestNATSBeatStartsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &connection{window: newWindow(nil, nil), queue: make(chan *nats.Msg), closed: make(chan struct{}), refused: make(chan error)}
		s := &consumer{source: &streamSource{name: "S"}, conn: c, heard: true, beat: time.NewTicker(3 * heartbeat)}
		defer s.beat.Stop()
		time.Sleep(6*heartbeat - time.Millisecond) // the reader is busy
		began := time.Now()
		_, err := s.Next()
		if took := time.Since(began); took != 3*heartbeat || err == nil || !strings.Contains(err.Error(), "said nothing") {
			t.Errorf("gave up after %v: %v", took, err)
		}
	})
}
