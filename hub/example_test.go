package hub_test

import (
	"errors"
	"fmt"
	"log"

	"fantail/hub"
)

// lines is a format that has a message on each line, and no notices and pings. It is
// not of size zero, because the hub compares formats by their address.
type lines struct{ end string }

func (l *lines) Encode(m *hub.Message) []byte { return fmt.Appendf(nil, "%s%s", m.Payload(), l.end) }
func (l *lines) Notice(hub.Notice) []byte     { return nil }
func (l *lines) Ping() []byte                 { return nil }
func (l *lines) Close(why hub.Reason, at hub.Position) []byte {
	return fmt.Appendf(nil, "%v after message %d%s", why, at.Seq, l.end)
}

// writes is a connection that hands over what is written to it. A real one writes to a
// socket.
type writes chan string

func (w writes) TryWrite(p []byte) (int, error) {
	select {
	case w <- string(p):
		return len(p), nil
	default:
		return 0, nil // full
	}
}

func (w writes) WaitWritable(func() bool) error { return errors.New("nobody reads") }
func (w writes) Close(bool) error               { return nil }

// A hub needs a format and, for each client, a connection. Package relay has both for
// WebSocket, Server-Sent Events and lines over HTTP.
func Example() {
	h := hub.New(hub.Config{})
	defer h.Close()
	h.Publish(hub.Input{Payload: []byte("one")})
	h.Publish(hub.Input{Payload: []byte("two")})
	h.Publish(hub.Input{Payload: []byte("three")})

	lane, err := h.Lane(&lines{"\n"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	conn := make(writes, 16)
	client, err := h.Join(conn, hub.Options{Lane: lane, Start: h.Last(2, lane)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(<-conn) // what the client lacks comes in one write
	h.Publish(hub.Input{Payload: []byte("four")})
	fmt.Print(<-conn)
	client.Leave(hub.Draining)
	fmt.Print(<-conn)
	// Output:
	// two
	// three
	// four
	// draining after message 4
}

// A client that was cut off goes on after the position that it was told.
func ExampleHub_Resume() {
	h := hub.New(hub.Config{})
	defer h.Close()
	for n := range 5 {
		h.Publish(hub.Input{Payload: fmt.Appendf(nil, "message %d", n+1)})
	}
	lane, err := h.Lane(&lines{"\n"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	told := h.Position(3).String() // for example in a close frame
	at, err := hub.ParsePosition(told)
	if err != nil {
		log.Fatal(err)
	}
	conn := make(writes, 16)
	if _, err := h.Join(conn, hub.Options{Lane: lane, Start: h.Resume(at)}); err != nil {
		log.Fatal(err)
	}
	fmt.Print(<-conn)
	// Output:
	// message 4
	// message 5
}

// A filter holds keys, and prefixes that end in *.
func ExampleNewFilter() {
	f, err := hub.NewFilter([]string{"BTC-USD", "room:*"})
	if err != nil {
		log.Fatal(err)
	}
	for _, key := range []string{"BTC-USD", "BTC-EUR", "room:kitchen"} {
		fmt.Println(key, f.Match(key))
	}
	// Output:
	// BTC-USD true
	// BTC-EUR false
	// room:kitchen true
}
