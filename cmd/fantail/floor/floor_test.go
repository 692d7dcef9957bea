package floor

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fantail/cmd/fantail/load"
	"fantail/hub"
	"fantail/hub/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startSource sends each subscriber message after message and returns its
// host:port.
func startSource(t *testing.T, message string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, websocket.AcceptOptions{})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if conn.Write(context.Background(), hub.Text, []byte(message)) != nil {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// startFloor serves source until the test ends and returns its host:port.
func startFloor(t *testing.T, source string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
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
	for _, n := range []int{10, 200, 200_000} {
		addr := startFloor(t, startSource(t, `{"t":1700000000,"pad":"`+strings.Repeat("x", n)+`"}`))
		r, err := load.Run(t.Context(), load.Config{
			URL: "ws://" + addr + "/", Clients: 5, ConnectRate: 1000, Duration: 300 * time.Millisecond, Sample: 5, PathTime: "t",
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.Clients.Connected != 5 || r.Latency == nil || r.Latency.Count < 10 || len(r.Closes) > 0 {
			t.Errorf("%d bytes: %+v", n, r)
		}
	}
}

// Who does not read is dropped, and nobody else waits for him.
func TestFloorDropsWhoDoesNotRead(t *testing.T) {
	addr := startFloor(t, startSource(t, strings.Repeat("x", 200_000)))
	r, err := load.Run(t.Context(), load.Config{
		URL: "ws://" + addr + "/", Clients: 4, Stalled: 50, ConnectRate: 1000, Warm: time.Second, Duration: 500 * time.Millisecond, Sample: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Clients.Stalled != 2 || r.Clients.Evicted != 2 || r.Messages == 0 {
		t.Errorf("%+v", r)
	}
}

func TestFloorWithoutASource(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	if err := Serve(t.Context(), l, gone.Addr().String()); err == nil || !strings.Contains(err.Error(), "floor: the source") {
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
