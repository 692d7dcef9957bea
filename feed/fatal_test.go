package feed

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/stage"
)

// TestFatalAnswerIsAnAlarm: a wrong subscription is told as an error, tried again
// only minutes later, and forgotten once the feed flows.
func TestFatalAnswerIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(n int, c *scripted) error {
			c.steps = []step{{text: `{"error":"no such key 0123456789abcdef0123456789"}`}}
			if n == 3 {
				c.steps = []step{{text: "data"}, {after: time.Minute, text: "data"}}
			}
			return nil
		}}
		r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
		r.Feed = scriptFeed(s, r.sink, zerolog.New(r.log))
		r.sources[0].driver = stage.New(s, stage.Config{Rules: feedtest.Rules(`[{"match":"\"error\":","do":"fatal"}]`), Log: r.sources[0].log})
		r.run(t)
		time.Sleep(time.Minute)
		if st := r.Stats(); !st.Alarm || st.Connected || st.Reconnects[driver.ReasonFatal] != 1 {
			t.Errorf("got %+v", st)
		}
		time.Sleep(time.Hour)
		r.stop()
		for _, gap := range s.gaps() {
			if gap < stage.FatalWait {
				t.Errorf("tried again after %v", gap)
			}
		}
		if st := r.Stats(); len(s.opened) != 4 || st.Alarm || st.Messages != 2 {
			t.Errorf("%d connections, %+v", len(s.opened), st)
		}
		line := r.log.Wait(t, `"level":"error"`, "rule 1 of Config.Messages.Rules", "no such key", "***")
		if strings.Contains(line, "0123456789") {
			t.Errorf("shows a secret: %s", line)
		}
	})
}
