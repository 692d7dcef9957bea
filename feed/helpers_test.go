package feed

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/nettest"
)

// How long a test waits for what must happen: on real sockets, and in a
// synctest bubble, where waiting takes no time.
const (
	patience       = 60 * time.Second
	patienceBubble = 24 * time.Hour
)

// sink is a Publisher that keeps copies.
type sink struct {
	patience time.Duration
	mu       sync.Mutex
	all      []copied
	keys     []string
	more     chan struct{} // poked at each message
}

func newSink() *sink { return &sink{patience: patience, more: make(chan struct{}, 1)} }

func (s *sink) Publish(in hub.Input) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, copied{in.Time.UnixNano(), in.Kind, string(in.Payload)})
	s.keys = append(s.keys, in.Key)
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *sink) messages() []copied {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]copied(nil), s.all...)
}

// payloads returns what was published, without kinds and times.
func (s *sink) payloads() []string {
	var got []string
	for _, m := range s.messages() {
		got = append(got, m.payload)
	}
	return got
}

// wait returns the messages once there are n.
func (s *sink) wait(t *testing.T, n int) []copied {
	t.Helper()
	late := time.After(s.patience)
	for {
		if got := s.messages(); len(got) >= n {
			return got
		}
		select {
		case <-s.more:
		case <-late:
			t.Fatalf("only %d of %d messages came", len(s.messages()), n)
		}
	}
}

// journal keeps log lines.
type journal struct {
	patience time.Duration
	mu       sync.Mutex
	text     bytes.Buffer
	more     chan struct{} // poked at each line
}

func newJournal() *journal { return &journal{patience: patience, more: make(chan struct{}, 1)} }

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Write(p)
	select {
	case j.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// wait returns the first line that holds each of the words.
func (j *journal) wait(t *testing.T, words ...string) string {
	t.Helper()
	late := time.After(j.patience)
	for {
		for line := range strings.Lines(j.String()) {
			if holds(line, words) {
				return line
			}
		}
		select {
		case <-j.more:
		case <-late:
			t.Fatalf("no log line with %q in:\n%s", words, j)
		}
	}
}

func holds(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

// running is a Feed under test.
type running struct {
	*Feed
	sink *sink
	log  *journal
	stop func() error // ends Run and returns what it returned; may be called again
}

// start runs a feed until the test's end.
func start(t *testing.T, cfg Config) *running {
	t.Helper()
	r := &running{sink: newSink(), log: newJournal()}
	var err error
	if r.Feed, err = New(cfg, r.sink, zerolog.New(r.log)); err != nil {
		t.Fatal(err)
	}
	r.run(t)
	return r
}

func (r *running) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }() // ended by cancel
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { r.stop() })
}

func open(t testing.TB, d driver.Driver) driver.Stream {
	t.Helper()
	s, err := d.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// findAndOpen makes the driver of a URL.
func findAndOpen(url string) (driver.Driver, error) {
	s, err := findScheme(url)
	if err != nil {
		return nil, err
	}
	return s.open(driver.Options{URL: url}.WithDefaults())
}

// endsWithin holds feeds to a time for their end. The quickest of several counts: a
// busy machine may hold up any one of them for longer.
func endsWithin(t *testing.T, most time.Duration, begin func() *running) {
	t.Helper()
	var took []time.Duration
	for range 5 {
		r := begin()
		began := time.Now()
		if err := r.stop(); err != nil {
			t.Errorf("Run ended with %v", err)
		}
		if took = append(took, time.Since(began)); took[len(took)-1] <= most {
			return
		}
	}
	t.Errorf("Run took %v to end, want at most %v", took, most)
}

// deliver sends a message, over and over as long as the feed says that it was not
// sent, since that a connection is busy, or not there yet, may be the machine's
// doing.
func deliver(t *testing.T, r *running, kind hub.Kind, payload []byte) {
	t.Helper()
	for late := time.Now().Add(patience); ; {
		err := r.Send(kind, payload)
		if err == nil {
			return
		}
		if !errors.Is(err, driver.ErrBusy) && !errors.Is(err, driver.ErrAway) || time.Now().After(late) {
			t.Errorf("%.40q was not sent: %v", payload, err)
			return
		}
	}
}

// servePipes serves HTTP within a bubble, and returns its listener.
func servePipes(t *testing.T, h http.Handler) *nettest.Pipes {
	t.Helper()
	p, srv := nettest.NewPipes(), &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(p) }() // ended by Close
	t.Cleanup(func() { srv.Close(); <-done })
	return p
}

// eventually waits until holds does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for late := time.Now().Add(patience); !holds(); <-poll.C {
		if time.Now().After(late) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
