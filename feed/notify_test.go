package feed

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/internal/feedtest"
)

// TestNotify: an outage is told once when it begins and once when it ends. The
// first connection is none, and neither is the end of Run.
func TestNotify(t *testing.T) {
	lost := step{after: time.Minute, err: errGone}
	tests := []struct {
		name string
		play func(n int, c *scripted) error
		want []string
	}{
		{"always there", func(int, *scripted) error { return nil }, nil},
		{"never there", func(int, *scripted) error { return errGone }, []string{"down 0s"}},
		{"late", func(n int, _ *scripted) error {
			if n < 5 {
				return errGone
			}
			return nil
		}, []string{"down 0s", "up"}},
		{"lost twice", func(n int, c *scripted) error {
			switch n {
			case 0, 4:
				c.steps = []step{lost}
			case 1, 2, 3:
				return errGone
			}
			return nil
		}, []string{"down 0s", "up", "down 0s", "up"}},
		{"ends", func(_ int, c *scripted) error {
			c.steps = []step{{after: time.Second, text: "last"}, {err: io.EOF}}
			return nil
		}, []string{"down 0s"}},
		{"broken for good", func(int, *scripted) error { return io.ErrNoProgress }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []string
				var up, down time.Duration
				r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
				r.Feed = scriptFeed(&script{play: tt.play}, r.sink, zerolog.New(r.log))
				r.sources[0].out.(*direct).notify = func(isUp bool, outage time.Duration) {
					if isUp {
						told, up = append(told, "up"), up+outage
						return
					}
					told, down = append(told, fmt.Sprint("down ", outage)), down+outage
				}
				r.run(t)
				time.Sleep(time.Hour) // of the bubble
				synctest.Wait()
				outage := r.Stats().Outage
				r.stop()
				if !slices.Equal(told, tt.want) {
					t.Errorf("told %q, want %q", told, tt.want)
				}
				if slices.Contains(tt.want, "up") && up != outage || down != 0 {
					t.Errorf("told %v of outages, the figures say %v", up, outage)
				}
			})
		})
	}
}
