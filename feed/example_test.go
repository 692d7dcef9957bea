package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/rs/zerolog"

	"fantail/feed"
	"fantail/feed/driver"
	"fantail/hub"
)

// payloads is a format of clients that has the payload on each line, and no notices and
// pings. It is not of size zero, because the hub compares formats by their address.
type payloads struct{ end string }

func (f *payloads) Encode(m *hub.Message) []byte { return fmt.Appendf(nil, "%s%s", m.Payload(), f.end) }
func (f *payloads) Notice(hub.Notice) []byte     { return nil }
func (f *payloads) Ping() []byte                 { return nil }
func (f *payloads) Close(hub.Reason, hub.Position) []byte {
	return nil
}

// writes is a connection that hands over what is written to it. A real one writes to a
// socket.
type writes chan string

func (w writes) TryWrite(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

func (w writes) WaitWritable(func() bool) error { return errors.New("it is never full") }
func (w writes) Close(bool) error               { return nil }

// Connect wires a feed to its hub. This source is handed its messages by Push. A URL such as
// wss://host/path would connect to a server instead.
func ExampleConnect() {
	cfg := feed.Config{Sources: feed.Sources{URL: "push:"}, Messages: feed.Messages{Key: "symbol"}}
	h := hub.New(cfg.ForHub(hub.Config{}))
	defer h.Close()
	f, err := feed.Connect(h, cfg, zerolog.Nop())
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }() // ended by cancel

	lane, err := h.Lane(&payloads{"\n"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	conn := make(writes, 16)
	if _, err := h.Join(conn, hub.Options{Lane: lane}); err != nil {
		log.Fatal(err)
	}
	for _, message := range []string{`{"symbol":"BTC-USD","price":61250}`, `{"symbol":"ETH-USD","price":3301}`} {
		if err := f.Push([]hub.Input{{Payload: []byte(message)}}); err != nil {
			log.Fatal(err)
		}
		fmt.Print(<-conn)
	}
	cancel()
	fmt.Println("Run returned", <-ended)
	// Output:
	// {"symbol":"BTC-USD","price":61250}
	// {"symbol":"ETH-USD","price":3301}
	// Run returned <nil>
}

// printer is a Publisher that prints the keys of messages.
type printer struct{ stop context.CancelFunc }

func (p printer) Publish(in hub.Input) { fmt.Println("a message of", in.Key); p.stop() }

// A probe makes one connection and tells each step of it.
func ExampleProbe() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cfg := feed.Config{Sources: feed.Sources{URL: "demo:?seed=1"}}
	stats, err := feed.Probe(ctx, cfg, printer{cancel}, func(s driver.Step) { fmt.Println("step", s.Kind) })
	fmt.Println(stats.Source, err)
	// Output:
	// step open
	// a message of DEMO-KAKA
	// demo:?seed=1 <nil>
}

// A URL is redacted before it is shown.
func ExampleRedact() {
	fmt.Println(feed.Redact("wss://user:password@example.com/feed?token=abc&symbol=BTC-USD"))
	// Output:
	// wss://***@example.com/feed?token=***&symbol=BTC-USD
}
