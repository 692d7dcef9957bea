package recording_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	"fantail/feed/recording"
	"fantail/hub"
)

// recordingFile writes a recording and returns its path.
func recordingFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReplayKeepsTheRecordedPace(t *testing.T) {
	path := recordingFile(t, "a b.txt", "1000000000\ta\n1500000000\tb\n1400000000\tc\n3000000000\td\n")
	for query, want := range map[string]time.Duration{"": 2 * time.Second, "?speed=4": time.Second / 2, "?speed=0.5&loop=0": 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			// An idle timeout does not concern a recording: its gaps are real.
			s, took, err := feedrun.ToItsEnd(t, feed.Config{Sources: feed.Sources{URL: "replay:" + path + query}, Dialling: feed.Dialling{IdleTimeout: time.Millisecond}})
			if err != nil || took != want || !slices.Equal(s.Payloads(), []string{"a", "b", "c", "d"}) {
				t.Errorf("%q: %q in %v, %v; want %v", query, s.Payloads(), took, err, want)
			}
		})
	}
}

func TestReplayKinds(t *testing.T) {
	path := recordingFile(t, "a.rec", "#fantail 1\n0\tb64t\tYQ0KYg==\n0\tb64\tAP8=\n")
	s, _, err := feedrun.ToItsEnd(t, feed.Config{Sources: feed.Sources{URL: "replay:" + path}})
	got := s.Messages()
	if err != nil || len(got) != 2 || got[0].Kind != hub.Text || got[0].Payload != "a\r\nb" || got[1].Kind != hub.Binary || got[1].Payload != "\x00\xff" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestReplayLoops(t *testing.T) {
	path := recordingFile(t, "a.txt", "1000\ta\n2000000000\tb\n")
	synctest.Test(t, func(t *testing.T) {
		r := feedrun.Prepare(t, feed.Config{Sources: feed.Sources{URL: "replay:" + path + "?loop=1"}})
		r.Sink.Patience = feedtest.PatienceBubble
		begin := time.Now()
		r.Run(t)
		r.Sink.Wait(t, 7)
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin).Round(time.Second); took != 6*time.Second {
			t.Errorf("three and a half rounds took %v", took)
		}
		if got := strings.Join(r.Sink.Payloads(), ""); got != "abababa" {
			t.Errorf("got %q", got)
		}
	})
}

func TestReplayEndsWithTheFirstBrokenLine(t *testing.T) {
	path := recordingFile(t, "a.txt", "0\ta\nnonsense\n0\tc\n")
	s, _, err := feedrun.ToItsEnd(t, feed.Config{Sources: feed.Sources{URL: "replay:" + path + "?loop=1"}})
	if err == nil || !strings.Contains(err.Error(), "line 2") || len(s.Messages()) != 1 {
		t.Errorf("got %q, %v", s.Payloads(), err)
	}
}

// TestReplayOfAFileThatWasEmptied: a loop over nothing ends.
func TestReplayOfAFileThatWasEmptied(t *testing.T) {
	path := recordingFile(t, "a.txt", "0\ta\n")
	r := feedrun.Prepare(t, feed.Config{Sources: feed.Sources{URL: "replay:" + path + "?loop=1"}})
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if err := r.Feed.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReplayURL(t *testing.T) {
	good := recordingFile(t, "a.txt", "0\ta\n")
	empty := recordingFile(t, "e.txt", "")
	broken := recordingFile(t, "b.txt", "x\n")
	tests := []struct{ url, want string }{
		{"replay:", "names no recording"},
		{"replay:?loop=1", "names no recording"},
		{"replay:" + empty, "holds no message"},
		{"replay:" + broken, "line 1 has no TAB"},
		{"replay:" + good + "?speed=0", "speed="},
		{"replay:" + good + "?speed=NaN", "speed="},
		{"replay:" + good + "?speed=fast", `speed="fast"`},
		{"replay:" + good + "?speed=1&speed=2", "2 times"},
		{"replay:" + good + "?loop=maybe", `loop="maybe"`},
		{"replay:" + good + "?lop=1", `unknown parameter "lop"; it takes speed and loop`},
		{"replay:" + good + "?%zz", "query"},
	}
	for _, tt := range tests {
		if _, err := recording.NewReplay(driver.Options{URL: tt.url}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.url, err, tt.want)
		}
	}
	if _, err := recording.NewReplay(driver.Options{URL: "replay:" + good + ".gone"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
	if _, err := recording.NewReplay(driver.Options{URL: "replay:" + good + "?speed=nan&lop=1"}); err == nil || !feedtest.Holds(err.Error(), []string{"speed", "lop"}) {
		t.Errorf("two mistakes: got %v", err)
	}
}
