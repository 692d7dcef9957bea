package feed

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/fantailv1"
)

// What a source asks of a hub.
func TestForHub(t *testing.T) {
	own := hub.NewDemand(time.Minute)
	for _, tt := range []struct {
		url              string
		demand           *hub.Demand
		wants, numbering bool
	}{
		{"demo:", nil, false, false},
		{"redis://h?subscribe=a", nil, false, false},
		{"redis://h?subscribe={key}", nil, true, false},
		{"redis://h?subscribe={key}", own, true, false},
		{"nats://h?subject=x.{key}", nil, true, false},
		{"nats://h?stream=S", nil, false, true},
	} {
		c := Config{Sources: Sources{URL: tt.url}}
		h := c.ForHub(hub.Config{Demand: tt.demand, MaxLanes: 7})
		if (h.Demand != nil) != tt.wants || h.Backbone != tt.numbering || h.MaxLanes != 7 {
			t.Errorf("%s: %+v", tt.url, h)
		}
		if tt.demand != nil && h.Demand != tt.demand {
			t.Errorf("%s: the demand was replaced", tt.url)
		}
	}
}

// A hub without a demand would never get a message of such a source.
func TestConnectNeedsDemand(t *testing.T) {
	h := hub.New(hub.Config{})
	defer h.Close()
	_, err := Connect(h, Config{Sources: Sources{URL: "nats://h?subject=x.{key}"}}, zerolog.Nop())
	if err == nil || !strings.Contains(err.Error(), "Config.ForHub") {
		t.Error(err)
	}
}

// The messages of a feed come to its hub, which hears of the end.
func TestConnect(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recording")
	if err := os.WriteFile(file, []byte("0\ta\n0\tb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]uint64{"replay:" + file: 2, "stdin:": 3} {
		var heard []bool
		cfg := Config{Sources: Sources{URL: url}, Stdin: strings.NewReader("a\nb\nc\n")}
		cfg.Events.Notify = func(up bool, _ time.Duration) { heard = append(heard, up) }
		h := hub.New(cfg.ForHub(hub.Config{}))
		f, err := Connect(h, cfg, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Run(t.Context()); err != nil {
			t.Error(err)
		}
		if got := h.At(h.Live()).Seq; got != want || h.SourceIsUp() || fmt.Sprint(heard) != "[false]" {
			t.Errorf("%s: at %d, up %v, heard %v", url, got, h.SourceIsUp(), heard)
		}
		h.Close()
	}
}

// The hub hears first what befalls the feed, and then the program does.
func TestHubEvents(t *testing.T) {
	h := hub.New(hub.Config{})
	defer h.Close()
	var heard []string
	e := Events{
		Notify:      func(up bool, outage time.Duration) { heard = append(heard, fmt.Sprint(up, outage, h.SourceIsUp())) },
		RelayNotice: func(n fantailv1.Notice) { heard = append(heard, fmt.Sprint(n.Kind, h.SourceIsUp())) },
		Number: func(name string, behind uint64) {
			heard = append(heard, fmt.Sprint(name, " ", behind, " at ", h.At(h.Live()).Seq))
		},
	}.behind(h)
	e.Notify(false, 0)
	e.Notify(true, time.Second)
	e.Number("a stream", 41)
	if want := []string{"false 0s false", "true 1s true", "a stream 41 at 41"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
}

// What a relay that is the source says of its own source, and its gaps, reach the
// clients of this relay.
func TestHubHearsNotices(t *testing.T) {
	h := hub.New(hub.Config{})
	defer h.Close()
	e := Events{}.behind(h)
	for _, tt := range []struct {
		notice fantailv1.Notice
		up     bool
	}{
		{fantailv1.Notice{Kind: "source"}, false},
		{fantailv1.Notice{Kind: "heartbeat"}, false},
		{fantailv1.Notice{Kind: "source", Up: true, Outage: time.Second}, true},
		{fantailv1.Notice{Kind: "gap", Missed: 3}, true},
	} {
		if e.RelayNotice(tt.notice); h.SourceIsUp() != tt.up {
			t.Errorf("after %+v the source is up: %v", tt.notice, h.SourceIsUp())
		}
	}
}
