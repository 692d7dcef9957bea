package feedtest

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"fantail/hub/peertest"
)

// Journal keeps log lines.
type Journal struct {
	Patience time.Duration
	mu       sync.Mutex
	text     bytes.Buffer
	more     chan struct{} // poked at each line
}

func NewJournal() *Journal {
	return &Journal{Patience: peertest.Patience, more: make(chan struct{}, 1)}
}

func (j *Journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Write(p)
	select {
	case j.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// Wait returns the first line that holds each of the words.
func (j *Journal) Wait(t *testing.T, words ...string) string {
	t.Helper()
	late := time.After(j.Patience)
	for {
		for line := range strings.Lines(j.String()) {
			if Holds(line, words) {
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

func Holds(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}
