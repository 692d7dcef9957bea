//go:build unix

package feed

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/rs/zerolog"

	"fantail/feed/brokertest"
	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/peertest"
)

// TestPublishNeedsAName: a broker is forwarded to only where its URL says how.
func TestPublishNeedsAName(t *testing.T) {
	for _, url := range []string{"redis://h?subscribe=a", "redis://h?stream=s", "nats://h?subject=a", "nats://h?stream=S", "amqp://h?exchange=x"} {
		if _, err := New(Config{Sources: Sources{URL: url}, Sending: Sending{Uplink: true}}, feedtest.NewSink(), zerolog.Nop()); err == nil || !feedtest.Holds(err.Error(), []string{"Config.Sending.Uplink", "publish="}) {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := New(Config{Sources: Sources{URL: url + "&publish=b"}, Sending: Sending{Uplink: true}}, feedtest.NewSink(), zerolog.Nop()); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := New(Config{Sources: Sources{URL: url + "&publish="}, Sending: Sending{Uplink: true}}, feedtest.NewSink(), zerolog.Nop()); err == nil || !strings.Contains(err.Error(), "publish is empty") {
			t.Errorf("%s with an empty name: %v", url, err)
		}
	}
}

// converse has two feeds on one broker send to it, from several goroutines each,
// and holds both to hearing everything once, each sender's in order.
func converse(t *testing.T, url string) {
	t.Helper()
	const senders, each = 4, 50
	var feeds [2]*running
	for i := range feeds {
		feeds[i] = start(t, Config{Sources: Sources{URL: url}, Sending: Sending{Uplink: true}})
		eventuallyTakes(t, feeds[i], 1)
	}
	var wg sync.WaitGroup
	for f, r := range feeds {
		for s := range senders {
			wg.Go(func() {
				for n := range each {
					deliver(t, r, hub.Text, fmt.Appendf(nil, "%d %d %d", f, s, n))
				}
			})
		}
	}
	wg.Wait()
	all := len(feeds) * senders * each
	for _, r := range feeds { // a slow broker may still be at the last
		r.sink.Wait(t, all)
	}
	deliver(t, feeds[0], hub.Binary, []byte("\xff\x00"))
	for _, r := range feeds {
		checkConversation(t, r.sink.Wait(t, all+1))
	}
}

// refused returns what the broker makes of a message. Send waits for its answer no
// longer than OutgoingWait; if that was too long for a busy machine, another message
// is sent.
func refused(r *running, payload []byte) error {
	for late := time.Now().Add(peertest.Patience); ; {
		began := time.Now()
		err := r.Send(hub.Text, payload)
		early := time.Since(began) < driver.OutgoingWait
		if early || err != nil && !errors.Is(err, driver.ErrBusy) || time.Now().After(late) {
			return err
		}
	}
}

func checkConversation(t *testing.T, got []feedtest.Message) {
	t.Helper()
	if last := got[len(got)-1]; last.Kind != hub.Binary || last.Payload != "\xff\x00" {
		t.Errorf("at the end came %v %q", last.Kind, last.Payload)
	}
	next := map[[2]int]int{}
	for _, m := range got[:len(got)-1] {
		var f, s, n int
		if _, err := fmt.Sscanf(m.Payload, "%d %d %d", &f, &s, &n); err != nil || n != next[[2]int{f, s}] {
			t.Fatalf("got %q, want number %d of that sender (%v)", m.Payload, next[[2]int{f, s}], err)
		}
		next[[2]int{f, s}]++
	}
}

func TestRedisPublishing(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	t.Run("a channel", func(t *testing.T) { converse(t, "redis://"+server.Addr+"?subscribe=room&publish=room") })
	do(t, c, "xadd s * data x")
	t.Run("a stream", func(t *testing.T) { converse(t, "redis://"+server.Addr+"?stream=s&publish=s") })
	t.Run("refused, and lost", func(t *testing.T) {
		do(t, c, "acl setuser u on >pw +@all -xadd ~* &room", "set string x")
		r := start(t, Config{Sources: Sources{URL: "redis://u:pw@" + server.Addr + "?subscribe=room&publish=other"}, Sending: Sending{Uplink: true}})
		eventuallyTakes(t, r, 1)
		if err := refused(r, []byte("x")); err == nil || !feedtest.Holds(err.Error(), []string{"NOPERM", "ACL SETUSER"}) || strings.Contains(err.Error(), "pw") {
			t.Errorf("got %v", err)
		}
		do(t, c, "acl setuser u &other", "client kill type normal skipme yes")
		peertest.Eventually(t, "published again", func() bool { return r.Send(hub.Text, []byte("x")) == nil })
		if n := r.Stats().Reconnects[driver.ReasonLost]; n != 0 {
			t.Errorf("the feed's own connection was given up %d times", n)
		}
	})
	t.Run("the broker hangs", func(t *testing.T) {
		r := start(t, Config{Sources: Sources{URL: "redis://" + server.Addr + "?subscribe=room&publish=room"}, Sending: Sending{Uplink: true}})
		eventuallyTakes(t, r, 1)
		server.Stop()
		defer server.Continue()
		// The first is taken, and on its way for as long as Redis hangs.
		peertest.Eventually(t, "the publisher is busy", func() bool { return errors.Is(r.Send(hub.Text, []byte("x")), driver.ErrBusy) })
		r.stop() // does not wait for it
	})
}

func TestNATSPublishing(t *testing.T) {
	server := brokertest.NATS(t, `authorization { timeout: 60, users: [
		{ user: u, password: pw, permissions: { publish: ["room", "s.>", "$JS.>"], subscribe: ">" } } ] }`)
	url := "nats://u:pw@" + server.Addr
	t.Run("a subject", func(t *testing.T) { converse(t, url+"?subject=room&publish=room") })
	addStream(t, natsClient(t, server, nats.UserInfo("u", "pw")))
	t.Run("a stream", func(t *testing.T) { converse(t, url+"?stream=S&publish=s.a") })
	t.Run("refused", func(t *testing.T) {
		r := start(t, Config{Sources: Sources{URL: url + "?subject=room&publish=other"}, Sending: Sending{Uplink: true}})
		eventuallyTakes(t, r, 1)
		for range 2 {
			if err := refused(r, []byte("x")); err == nil || !feedtest.Holds(err.Error(), []string{"Publish", "allowed to publish"}) || strings.Contains(err.Error(), "pw") {
				t.Errorf("got %v", err)
			}
		}
		if err := refused(r, bytes.Repeat([]byte("x"), 2<<20)); err == nil || !strings.Contains(err.Error(), "maximum payload") {
			t.Errorf("got %v", err)
		}
		tell(t, natsClient(t, server, nats.UserInfo("u", "pw")), "room", "still there")
		r.sink.Wait(t, 1)
	})
}

// testAMQPPublishing is a part of TestAMQP, whose broker it shares.
func testAMQPPublishing(t *testing.T, server *brokertest.Server, ch *amqp.Channel) {
	url := "amqp://" + server.Addr
	t.Run("an exchange", func(t *testing.T) { converse(t, url+"?exchange=topics&bind=room&publish=room") })
	t.Run("refused", func(t *testing.T) {
		if err := ch.ExchangeDeclare("internal", "topic", true, false, true, false, nil); err != nil {
			t.Fatal(err)
		}
		r := start(t, Config{Sources: Sources{URL: url + "?exchange=internal&publish=k"}, Sending: Sending{Uplink: true}})
		eventuallyTakes(t, r, 1)
		for range 2 {
			if err := refused(r, []byte("x")); err == nil || !strings.Contains(err.Error(), "internal") {
				t.Errorf("got %v", err)
			}
		}
		if n := r.Stats().Reconnects[driver.ReasonClosed] + r.Stats().Reconnects[driver.ReasonLost]; n != 0 {
			t.Errorf("the feed's own connection was given up %d times", n)
		}
	})
}
