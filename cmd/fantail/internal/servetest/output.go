package servetest

import (
	"bytes"
	"regexp"
	"sync"
	"testing"

	"fantail/hub/peertest"
)

// Output keeps what a program writes. The zero value is empty. Any goroutine may call
// Write and Text.
type Output struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// Text returns everything so far.
func (o *Output) Text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Find waits until the output matches and returns the first group.
func (o *Output) Find(t testing.TB, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var found []string
	peertest.Eventually(t, "output like "+pattern, func() bool {
		found = re.FindStringSubmatch(o.Text())
		return found != nil
	})
	return found[1]
}
