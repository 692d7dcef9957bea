package feedtest

import (
	"sync"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
)

// PatienceBubble is how long a test waits in a synctest bubble, where waiting takes no
// time.
const PatienceBubble = 24 * time.Hour

// Message is a message whose payload may be kept.
type Message struct {
	Time    int64
	Kind    hub.Kind
	Payload string
}

// Sink is a Publisher that keeps copies.
type Sink struct {
	Patience time.Duration
	mu       sync.Mutex
	all      []Message
	Keys     []string
	more     chan struct{} // poked at each message
}

func NewSink() *Sink { return &Sink{Patience: peertest.Patience, more: make(chan struct{}, 1)} }

func (s *Sink) Publish(in hub.Input) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, Message{in.Time.UnixNano(), in.Kind, string(in.Payload)})
	s.Keys = append(s.Keys, in.Key)
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *Sink) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.all...)
}

// Payloads returns what was published, without kinds and times.
func (s *Sink) Payloads() []string {
	var got []string
	for _, m := range s.Messages() {
		got = append(got, m.Payload)
	}
	return got
}

// Wait returns the messages once there are n.
func (s *Sink) Wait(t *testing.T, n int) []Message {
	t.Helper()
	late := time.After(s.Patience)
	for {
		if got := s.Messages(); len(got) >= n {
			return got
		}
		select {
		case <-s.more:
		case <-late:
			t.Fatalf("only %d of %d messages came", len(s.Messages()), n)
		}
	}
}
