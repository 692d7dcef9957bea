package feed

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/stage"
)

// TestNumberingStartsAreTold: the start of a numbering is told between the messages where it stands, and the
// operator is told what is missing.
func TestNumberingStartsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{play: func(_ int, c *scripted) error {
			c.steps = []step{
				{event: driver.NumberingStart(driver.Numbering{Name: "s", Behind: 4}, driver.Loss{})}, {text: "5"},
				{event: driver.NumberingStart(driver.Numbering{Name: "s", Behind: 8}, driver.Loss{Missed: 3, Detail: errors.New("trimmed")})}, {text: "9"},
			}
			return nil
		}}
		r := &running{sink: feedtest.NewSink(), log: feedtest.NewJournal()}
		r.Feed = scriptFeed(s, r.sink, zerolog.New(r.log))
		var told []string
		r.sources[0].number = func(name string, behind uint64) {
			told = append(told, fmt.Sprintf("%s behind %d before message %d", name, behind, len(r.sink.Messages())))
		}
		r.run(t)
		r.sink.Wait(t, 2)
		r.log.Wait(t, "trimmed", `"missed":3`)
		r.stop()
		if got := fmt.Sprintf("%q", told); got != `["s behind 4 before message 0" "s behind 8 before message 1"]` {
			t.Errorf("told %s", got)
		}
	})
}

func TestNumbered(t *testing.T) {
	for url, want := range map[string]bool{
		"redis://h?stream=s":                    true,
		"REDISS://u:p@h/1?from=0&stream=s":      true,
		"nats://h?stream=S":                     true,
		"tls+nats://h?stream=S":                 true,
		"redis://h?subscribe=s":                 false,
		"nats://h?subject=stream":               false,
		"wss://h/ws?stream=s":                   false,
		"amqp://h?exchange=stream":              false,
		"redis://h?stream=s redis://i?stream=s": false,
		"demo:?stream=s":                        false,
		"redis://h:port?stream=s":               false,
	} {
		if (Config{Sources: Sources{URL: url}}).Numbered() != want {
			t.Errorf("%s: %v", url, !want)
		}
	}
	for _, c := range []Config{{Messages: Messages{Split: stage.SplitLines}}, {Sources: Sources{Mode: Race, Seq: "seq"}}} {
		if c.Sources.URL = "nats://h?stream=S"; c.Numbered() {
			t.Errorf("%v, Seq %q: numbers are promised", c.Messages.Split, c.Sources.Seq)
		}
	}
}
