package relay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
	"fantail/relay"
)

// A relay serves what its hub holds. Here a WebSocket client asks for the newest two
// messages, and then gets the feed.
func Example() {
	h := relay.NewHub(hub.Config{})
	defer h.Close()
	r, err := relay.New(relay.Config{Hub: h})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(r.Handler())
	defer server.Close()

	for _, price := range []string{"61250.0", "61249.5", "61251.0"} {
		h.Publish(hub.Input{Key: "BTC-USD", Payload: []byte(price)})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url := "ws" + strings.TrimPrefix(server.URL, "http") + "/ws?last=2"
	client, _, err := websocket.Dial(ctx, url, websocket.DialOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseNow()
	h.Publish(hub.Input{Key: "BTC-USD", Payload: []byte("61252.5")})
	for range 3 {
		kind, message, err := client.Reader(ctx)
		if err != nil {
			log.Fatal(err)
		}
		payload, err := io.ReadAll(message)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(kind, string(payload))
	}
	// Output:
	// text 61249.5
	// text 61251.0
	// text 61252.5
}

// The same feed as lines over HTTP, of one key only. Each line is an envelope: the
// message with its position and its key, and the time when it was received.
func ExampleRelay_Handler() {
	h := relay.NewHub(hub.Config{})
	defer h.Close()
	r, err := relay.New(relay.Config{Hub: h})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(r.Handler())
	defer server.Close()

	h.Publish(hub.Input{Key: "ETH-USD", Payload: []byte(`{"price":3301}`)})
	h.Publish(hub.Input{Key: "BTC-USD", Payload: []byte(`{"price":61250}`)})
	response, err := http.Get(server.URL + "/stream?last=9&key=ETH-USD")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	for range 2 { // the notice where the connection begins, and the message
		var line struct {
			Notice, Pos, Key string
			Data             json.RawMessage
		}
		if err := lines.Decode(&line); err != nil {
			log.Fatal(err)
		}
		_, n, _ := strings.Cut(line.Pos, "-") // what stands before it is drawn for each run
		fmt.Printf("position %s, notice %q, key %q, data %q\n", n, line.Notice, line.Key, line.Data)
	}
	// Output:
	// position 0, notice "hello", key "", data ""
	// position 1, notice "", key "ETH-USD", data "{\"price\":3301}"
}

// Ending a relay: clients that come are refused, and those that are there are told
// their position, with which they resume at another relay of the same stream.
func ExampleRelay_StopAccepting() {
	h := relay.NewHub(hub.Config{})
	defer h.Close()
	r, err := relay.New(relay.Config{Hub: h})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(r.Handler())
	defer server.Close()

	r.NotReady() // a real program now gives its load balancer some time
	r.StopAccepting()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	h.Drain(ctx, 5*time.Second)
	for _, path := range []string{"/healthz", "/readyz", "/stream"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
		fmt.Println(path, response.Status)
	}
	// Output:
	// /healthz 200 OK
	// /readyz 503 Service Unavailable
	// /stream 503 Service Unavailable
}
