package stdin_test

import (
	"io"
	"net"
	"testing"

	"fantail/feed"
	"fantail/feed/internal/feedrun"
)

// TestStdinQuietEnds: a reader with deadlines is interrupted, so nothing is left. TestMain looks for
// the goroutine.
func TestStdinQuietEnds(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "stdin:"}, Stdin: ours})
	if _, err := theirs.Write([]byte("a\n")); err != nil {
		t.Fatal(err)
	}
	r.Sink.Wait(t, 1)
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
}

// TestStdinUninterruptibleEnds: the end of Run does not wait for a reader without deadlines. The
// goroutine ends with its read.
func TestStdinUninterruptibleEnds(t *testing.T) {
	ours, theirs := io.Pipe()
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "stdin:"}, Stdin: struct{ io.Reader }{ours}})
	io.WriteString(theirs, "a\n")
	r.Sink.Wait(t, 1)
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	theirs.Close()
}
