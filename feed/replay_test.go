package feed

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

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
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

// runBubble runs a feed to its end in fake time and returns how long it took.
func runBubble(t *testing.T, cfg Config) (*feedtest.Sink, time.Duration, error) {
	t.Helper()
	s := feedtest.NewSink()
	f, err := New(cfg, s, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	err = f.Run(t.Context())
	return s, time.Since(begin), err
}

func TestReplayKeepsTheRecordedPace(t *testing.T) {
	path := recordingFile(t, "a b.txt", "1000000000\ta\n1500000000\tb\n1400000000\tc\n3000000000\td\n")
	for query, want := range map[string]time.Duration{"": 2 * time.Second, "?speed=4": time.Second / 2, "?speed=0.5&loop=0": 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			// An idle timeout does not concern a recording: its gaps are real.
			s, took, err := runBubble(t, Config{Sources: Sources{URL: "replay:" + path + query}, Dialling: Dialling{IdleTimeout: time.Millisecond}})
			if err != nil || took != want || !slices.Equal(s.Payloads(), []string{"a", "b", "c", "d"}) {
				t.Errorf("%q: %q in %v, %v; want %v", query, s.Payloads(), took, err, want)
			}
		})
	}
}

func TestReplayKinds(t *testing.T) {
	path := recordingFile(t, "a.rec", "#fantail 1\n0\tb64t\tYQ0KYg==\n0\tb64\tAP8=\n")
	s, _, err := runBubble(t, Config{Sources: Sources{URL: "replay:" + path}})
	got := s.Messages()
	if err != nil || len(got) != 2 || got[0].Kind != hub.Text || got[0].Payload != "a\r\nb" || got[1].Kind != hub.Binary || got[1].Payload != "\x00\xff" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestReplayLoops(t *testing.T) {
	path := recordingFile(t, "a.txt", "1000\ta\n2000000000\tb\n")
	synctest.Test(t, func(t *testing.T) {
		r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
		r.sink.Patience = feedtest.PatienceBubble
		var err error
		if r.Feed, err = New(Config{Sources: Sources{URL: "replay:" + path + "?loop=1"}}, r.sink, zerolog.Nop()); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		r.run(t)
		r.sink.Wait(t, 7)
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin).Round(time.Second); took != 6*time.Second {
			t.Errorf("three and a half rounds took %v", took)
		}
		if got := strings.Join(r.sink.Payloads(), ""); got != "abababa" {
			t.Errorf("got %q", got)
		}
	})
}

func TestReplayEndsWithTheFirstBrokenLine(t *testing.T) {
	path := recordingFile(t, "a.txt", "0\ta\nnonsense\n0\tc\n")
	s, _, err := runBubble(t, Config{Sources: Sources{URL: "replay:" + path + "?loop=1"}})
	if err == nil || !strings.Contains(err.Error(), "line 2") || len(s.Messages()) != 1 {
		t.Errorf("got %q, %v", s.Payloads(), err)
	}
}

// TestReplayOfAFileThatWasEmptied: a loop over nothing ends.
func TestReplayOfAFileThatWasEmptied(t *testing.T) {
	path := recordingFile(t, "a.txt", "0\ta\n")
	f, err := New(Config{Sources: Sources{URL: "replay:" + path + "?loop=1"}}, feedtest.NewSink(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Run(t.Context()); err != nil {
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
		if _, err := NewReplay(driver.Options{URL: tt.url}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.url, err, tt.want)
		}
	}
	if _, err := NewReplay(driver.Options{URL: "replay:" + good + ".gone"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
	if _, err := NewReplay(driver.Options{URL: "replay:" + good + "?speed=nan&lop=1"}); err == nil || !feedtest.Holds(err.Error(), []string{"speed", "lop"}) {
		t.Errorf("two mistakes: got %v", err)
	}
}
