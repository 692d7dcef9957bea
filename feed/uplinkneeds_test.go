package feed

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"fantail/feed/internal/feedtest"
	"fantail/hub"
)

func TestUplinkNeedsASourceThatTakesIt(t *testing.T) {
	for url, name := range map[string]string{"demo:": "demo", "stdin:": "stdin", "https://h/": "https"} {
		_, err := New(Config{Sources: Sources{URL: url}, Sending: Sending{Uplink: true}, Stdin: strings.NewReader("")}, feedtest.NewSink(), zerolog.Nop())
		if err == nil || !feedtest.Holds(err.Error(), []string{"Config.Sending.Uplink", "a " + name + ": source", "unset"}) {
			t.Errorf("%s: %v", url, err)
		}
	}
	f, err := New(Config{Sources: Sources{URL: "ws://h/"}}, feedtest.NewSink(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Send(hub.Text, nil); err != ErrUplink {
		t.Errorf("without an uplink: %v", err)
	}
}
