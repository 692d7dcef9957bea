package ws_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/websocket"
)

// TestSendReachesTheSource: messages arrive whole, in order, text as text and binary as
// binary, after Sending.Frames.
func TestSendReachesTheSource(t *testing.T) {
	r := feedrun.Start(t, feed.Config{
		Sources: feed.Sources{URL: feedtest.Serve(t, websocket.AcceptOptions{}, feedtest.Echo)},
		Sending: feed.Sending{Uplink: true, Frames: func() ([]string, error) { return []string{"first"}, nil }},
	})
	large := strings.Repeat("x", 500_000)
	want := []feedtest.Message{{Kind: hub.Text, Payload: "first"}, {Kind: hub.Text, Payload: "é"}, {Kind: hub.Binary, Payload: "\xff\x00"}, {Kind: hub.Text, Payload: ""}, {Kind: hub.Text, Payload: large}}
	for _, m := range want[1:] {
		payload := []byte(m.Payload)
		r.Deliver(t, m.Kind, payload)
		clear(payload) // it was copied
	}
	for i, m := range r.Sink.Wait(t, len(want)) {
		if m.Kind != want[i].Kind || m.Payload != want[i].Payload {
			t.Errorf("message %d is %v %.20q", i, m.Kind, m.Payload)
		}
	}
}

// TestSendOutlastsAReconnect: a message is sent while the source is away. It goes over the
// next connection.
func TestSendOutlastsAReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		p := feedtest.ServePipes(t, feedtest.Playing(t, websocket.AcceptOptions{}, func(c *websocket.Conn, r *http.Request) {
			if n.Add(1) > 1 {
				feedtest.Echo(c, r)
			}
		}))
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "ws://source/"}, Dialling: feed.Dialling{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if n.Load() > 0 {
				time.Sleep(time.Second) // the source is away
			}
			return p.Dial(ctx, network, address)
		}}, Sending: feed.Sending{Uplink: true}})
		r.Log.Wait(t, "source is away")
		if err := r.Send(hub.Text, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if got := r.Sink.Wait(t, 1)[0].Payload; got != "hello" {
			t.Errorf("the source got %q", got)
		}
		r.Stop()
	})
}

// TestSendKeepsTheRate: Sending.Rate bounds what clients send. A sender that would wait too
// long is told so, and its message is not sent.
func TestSendKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := feedtest.ServePipes(t, feedtest.Playing(t, websocket.AcceptOptions{}, feedtest.Echo))
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "ws://source/"}, Dialling: feed.Dialling{Dial: p.Dial}, Sending: feed.Sending{Uplink: true, Rate: driver.Rate{Count: 10, Per: time.Second}}})
		r.Log.Wait(t, "source is connected")
		var sent, busy atomic.Int32
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				switch err := r.Send(hub.Text, fmt.Append(nil, i)); {
				case err == nil:
					sent.Add(1)
				case errors.Is(err, driver.ErrBusy):
					busy.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := sent.Load(); n < 19 || n > 21 || n+busy.Load() != 100 {
			t.Errorf("%d of 100 were sent within %v at 10 a second", n, driver.OutgoingWait)
		}
		began := time.Now()
		if err := r.Send(hub.Text, []byte("last")); err != nil || time.Since(began) > time.Second/10 { // messages of senders that gave up take no time
			t.Errorf("sent after %v: %v", time.Since(began), err)
		}
		got := r.Sink.Wait(t, int(sent.Load())+1)
		if last := got[len(got)-1].Payload; last != "last" || len(got) != int(sent.Load())+1 {
			t.Errorf("%d messages came, the last of them %q, want %d", len(got), last, sent.Load()+1)
		}
		r.Stop()
	})
}

// TestSendToADeafSource: a source that does not read costs its senders two seconds, and the
// feed nothing.
func TestSendToADeafSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		frame := websocket.AppendMessage(nil, hub.Text, []byte("feed"))
		p := nettest.NewPipes()
		feedtest.ServeRawAt(t, p, func(c *feedtest.RawConn) {
			c.Upgrade("")
			for {
				time.Sleep(time.Millisecond)
				if _, err := c.Write(frame); err != nil {
					return
				}
			}
		})
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "ws://source/"}, Dialling: feed.Dialling{Dial: p.Dial, Ping: driver.NoPing}, Sending: feed.Sending{Uplink: true}})
		r.Sink.Wait(t, 1)
		before, began := len(r.Sink.Messages()), time.Now()
		var wg sync.WaitGroup
		var busy atomic.Int32
		for range 50 {
			wg.Go(func() {
				if errors.Is(r.Send(hub.Binary, bytes.Repeat([]byte("x"), 1<<16)), driver.ErrBusy) {
					busy.Add(1)
				}
			})
		}
		wg.Wait()
		took := time.Since(began)
		if took != driver.OutgoingWait || busy.Load() != 49 { // the other is being sent
			t.Errorf("%d of 50 told that the source is busy, after %v", busy.Load(), took)
		}
		if came := len(r.Sink.Messages()) - before; came < int(took/time.Millisecond)-1 {
			t.Errorf("%d messages in %v: the feed was held up", came, took)
		}
		r.Stop()
	})
}

// TestSendHammer: many senders, and a source that drops its connections. No message reaches
// the source twice or out of its sender's order. No message reaches it whose sender was told
// that it was not sent.
func TestSendHammer(t *testing.T) {
	const senders, each = 20, 50
	var mu sync.Mutex
	got, last := map[string]int{}, map[int]int{}
	u := feedtest.Serve(t, websocket.AcceptOptions{}, func(c *websocket.Conn, _ *http.Request) {
		for range 300 {
			_, r, err := c.Reader(context.Background())
			if err != nil {
				return
			}
			var s, i int
			text := feedtest.ReadString(r)
			fmt.Sscanf(text, "%d:%d", &s, &i)
			mu.Lock()
			if got[text]++; i < last[s] {
				t.Errorf("%s came behind %d:%d", text, s, last[s])
			}
			last[s] = i
			mu.Unlock()
		}
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Sending: feed.Sending{Uplink: true}})
	var unsent sync.Map
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				text := fmt.Sprint(s, ":", i)
				if err := r.Send(hub.Text, []byte(text)); errors.Is(err, driver.ErrAway) || errors.Is(err, driver.ErrBusy) {
					unsent.Store(text, true)
				}
			}
		})
	}
	wg.Wait()
	r.Stop()
	mu.Lock()
	defer mu.Unlock()
	if len(got) < senders*each/4 {
		t.Errorf("only %d of %d messages came", len(got), senders*each)
	}
	for text, n := range got {
		if _, told := unsent.Load(text); told || n != 1 {
			t.Errorf("%s came %d times; its sender was told that it was not sent: %v", text, n, told)
		}
	}
}

// TestSendToTheLeastBusy: one of several merged sources gets a message. A source that does
// not read holds up only the message that it has begun to take.
func TestSendToTheLeastBusy(t *testing.T) {
	stop := make(chan struct{})
	deaf := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
		c.Upgrade("")
		<-stop
	})
	t.Cleanup(func() { close(stop) }) // runs before the server's cleanup
	good := feedtest.Serve(t, websocket.AcceptOptions{}, feedtest.Echo)
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: deaf + " " + good, Mode: feed.Merge}, Dialling: feed.Dialling{Ping: driver.NoPing}, Sending: feed.Sending{Uplink: true}})
	r.EventuallyTakes(t, 2)
	pad := strings.Repeat("x", 1<<20-10)
	const messages = 40
	for i, busy := 0, 0; i < messages; i++ {
		err := r.Send(hub.Text, fmt.Appendf(nil, "%d %s", i, pad))
		if errors.Is(err, driver.ErrBusy) { // the machine may be too
			busy++
			i--
		}
		if err != nil && (!errors.Is(err, driver.ErrBusy) || busy > messages/4) {
			t.Fatalf("message %d, after %d that were held up: %v", i, busy, err)
		}
	}
	seen := map[string]bool{}
	for _, m := range r.Sink.Wait(t, messages/4) { // the kernel takes some for the source that does not read
		word, _, _ := strings.Cut(m.Payload, " ")
		if seen[word] {
			t.Errorf("message %s was sent twice", word)
		}
		seen[word] = true
	}
}
