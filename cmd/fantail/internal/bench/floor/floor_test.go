package floor

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/hub"
	"fantail/hub/leaktest"
	"fantail/hub/websocket"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// startSource sends its subscriber the message whenever it is told to, and returns
// its host:port.
func startSource(t *testing.T, message string) (addr string, send func()) {
	t.Helper()
	told := make(chan struct{}, 1000) // never closed
	stop := make(chan struct{})       // closed once the floor has ended, which takes the source's end for an error
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, websocket.AcceptOptions{})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		for {
			select {
			case <-stop:
				return
			case <-told:
			}
			if conn.Write(context.Background(), hub.Text, []byte(message)) != nil {
				return
			}
		}
	}))
	t.Cleanup(func() {
		close(stop)
		s.Close()
	})
	return s.Listener.Addr().String(), func() { told <- struct{}{} }
}

// pace has a source send messages, some at a time, and the run go on until all have
// come. The next are sent when those before have arrived, so that a reader who lacks
// the processor is never behind by more than a socket holds.
func pace(c *load.Config, send func(), messages, atATime int) {
	sent, arrived, quiet, told := 0, true, 0, false // arrived: something came since the last that were sent
	c.Longest = 20 * time.Second
	c.Progress = func(p load.Progress) {
		if p.Phase != "measuring" {
			return
		}
		if quiet++; told && p.Deliveries > 0 {
			arrived, quiet = true, 0
		}
		told = true // the first has no rate yet
	}
	c.Enough = func() bool {
		if told && arrived && sent < messages {
			for range atATime {
				send()
			}
			sent, arrived = sent+atATime, false
		}
		return sent >= messages && arrived && quiet > 0
	}
}

// startFloor serves source until the test ends and returns its host:port.
func startFloor(t *testing.T, source string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, source) }() // ended by cancel
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("it does not end")
		}
	})
	return l.Addr().String()
}

// Every client gets what the source sends, in whole frames, also those larger
// than a read.
func TestFloorPassesOn(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 200, 200_000} {
		source, send := startSource(t, `{"t":1700000000,"pad":"`+strings.Repeat("x", n)+`"}`)
		c := load.Config{
			URL: "ws://" + startFloor(t, source) + "/", Clients: 5, ConnectRate: 1000, Duration: time.Millisecond, Sample: 5, PathTime: "t",
		}
		pace(&c, send, 8, 4)
		r, err := load.Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if r.Clients.Connected != 5 || r.Latency == nil || r.Latency.Count != 5*8 || len(r.Closes) > 0 {
			t.Errorf("%d bytes: %+v", n, r)
		}
	}
}

// A client that does not read is dropped, and no other client waits for it.
func TestFloorDropsWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	source, send := startSource(t, strings.Repeat("x", 200_000))
	c := load.Config{
		URL: "ws://" + startFloor(t, source) + "/", Clients: 4, Stalled: 50, ConnectRate: 1000, Duration: time.Millisecond, Sample: 4,
	}
	pace(&c, send, 60, 4) // 12 MB, more than the sockets of one connection hold
	r, err := load.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Clients.Stalled != 2 || r.Clients.Evicted != 2 || r.Messages != 2*60 {
		t.Errorf("%+v", r)
	}
}

func TestFloorWithoutASource(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), l, "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "floor: the source") {
		t.Error(err)
	}
	l, _ = net.Listen("tcp", "127.0.0.1:0")
	notOne := httptest.NewServer(http.NotFoundHandler())
	defer notOne.Close()
	if err := Serve(t.Context(), l, notOne.Listener.Addr().String()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
}

func TestCutter(t *testing.T) {
	t.Parallel()
	a, b := websocket.AppendMessage(nil, hub.Text, []byte("abc")), websocket.AppendMessage(nil, hub.Text, make([]byte, 300))
	stream := append(append([]byte{}, a...), b...)
	for i := range stream {
		var c cutter
		n, err := c.whole(stream[:i])
		want := 0
		if i >= len(a) {
			want = len(a)
		}
		if n != want || err != nil {
			t.Fatalf("%d bytes: %d, %v", i, n, err)
		}
		if n, err := c.whole(stream[i:]); n != len(stream)-i || err != nil {
			t.Fatalf("the rest behind %d: %d, %v", i, n, err)
		}
	}
	var c cutter
	if _, err := c.whole([]byte{0xFF, 0}); err == nil {
		t.Error("garbage is passed on")
	}
}
