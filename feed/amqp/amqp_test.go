//go:build unix

package amqp_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"fantail/feed"
	source "fantail/feed/amqp"
	"fantail/feed/brokertest"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// amqpClient returns a channel that publishes. It is not under test.
func amqpClient(t testing.TB, s *brokertest.Server) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial("amqp://guest:guest@" + s.Addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func exchange(t testing.TB, ch *amqp.Channel, name, kind string) {
	t.Helper()
	if err := ch.ExchangeDeclare(name, kind, true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
}

func post(t testing.TB, ch *amqp.Channel, exchange string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := ch.PublishWithContext(t.Context(), exchange, pairs[i], false, false, amqp.Publishing{Body: []byte(pairs[i+1])}); err != nil {
			t.Fatal(err)
		}
	}
}

// distant passes one connection on to a broker, with a delay of its answers.
func distant(t *testing.T, addr string, late time.Duration) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { l.Close() })
	wg.Go(func() { // ended with the connection, or by closing l
		near, err := l.Accept()
		if err != nil {
			return
		}
		defer near.Close()
		far, err := net.Dial("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		wg.Go(func() { io.Copy(far, near); far.Close() })
		for buf := make([]byte, 64<<10); ; {
			n, err := far.Read(buf)
			if err != nil {
				return
			}
			time.Sleep(late)
			near.Write(buf[:n])
		}
	})
	return l.Addr().String()
}

// TestAMQP shares one broker, which takes seconds to start.
func TestAMQP(t *testing.T) {
	server := brokertest.RabbitMQ(t, "")
	ch := amqpClient(t, server)
	exchange(t, ch, "topics", "topic")
	url := "amqp://" + server.Addr

	t.Run("messages", func(t *testing.T) {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "/?exchange=topics&bind=news&bind=room.*"}, Messages: feed.Messages{MaxMessage: 1 << 20}})
		r.Log.Wait(t, "source is connected")
		post(t, ch, "topics", "news", "one", "other", "no", "room.1", "two", "news", "\xff\xfe", "news", strings.Repeat("x", 20<<20), "room.2", "three")
		got := r.Sink.Wait(t, 4)
		want := []struct {
			kind         hub.Kind
			key, payload string
		}{{hub.Text, "news", "one"}, {hub.Text, "room.1", "two"}, {hub.Binary, "news", "\xff\xfe"}, {hub.Text, "room.2", "three"}}
		for i, w := range want {
			if got[i].Kind != w.kind || got[i].Payload != w.payload || r.Sink.Keys[i] != w.key {
				t.Errorf("message %d is %v %q of %q, want %v", i, got[i].Kind, got[i].Payload, r.Sink.Keys[i], w)
			}
		}
		r.Log.Wait(t, "too-large", "Config.Messages.MaxMessage")
	})
	t.Run("each relay gets all", func(t *testing.T) {
		a := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "?exchange=new&type=fanout"}}) // the first feed makes it
		a.Log.Wait(t, "source is connected")
		b := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "?exchange=new&type=fanout"}})
		b.Log.Wait(t, "source is connected")
		const messages = 5 * source.Prefetch
		for i := range messages {
			post(t, ch, "new", "k", fmt.Sprint(i))
		}
		for _, r := range []*feedrun.Running{a, b} {
			for i, m := range r.Sink.Wait(t, messages) {
				if m.Payload != fmt.Sprint(i) {
					t.Fatalf("message %d is %q", i, m.Payload)
				}
			}
		}
	})
	t.Run("all are acknowledged", func(t *testing.T) {
		d, err := source.New(driver.Options{URL: url + "?exchange=topics&bind=ack"}.WithDefaults())
		if err != nil {
			t.Fatal(err)
		}
		s := feedtest.Open(t, d)
		defer s.Close()
		post(t, ch, "topics", "ack", "one", "ack", "two")
		for range 2 {
			if _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
		}
		go s.Next() // acknowledges within a second; ended by Close
		// A message that is not acknowledged comes again when it is asked for again.
		peertest.Eventually(t, "acknowledged", func() bool {
			n, err := source.Unread(s)
			return err == nil && n == 0
		})
	})
	t.Run("on demand", func(t *testing.T) {
		w := feedtest.NewWishes("alice")
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "?exchange=topics&bind=user.{key}"}, Demand: w})
		r.Log.Wait(t, "source is connected")
		reaches := func(key string) {
			t.Helper()
			peertest.Eventually(t, "a message of "+key, func() bool {
				post(t, ch, "topics", "user."+key, key)
				return slices.Contains(r.Sink.Payloads(), key)
			})
		}
		reaches("alice")
		w.Want(true, "bob")
		reaches("bob")
		w.Want(false, "alice")
		w.Want(true, "carol")
		reaches("carol")
		w.Want(true, "dave")
		reaches("dave") // so alice's binding, taken back before, is gone
		n := len(r.Sink.Wait(t, 1))
		post(t, ch, "topics", "user.alice", "late", "user.bob", "last")
		peertest.Eventually(t, "the last message", func() bool { return slices.Contains(r.Sink.Payloads(), "last") })
		if slices.Contains(r.Sink.Payloads()[n:], "late") {
			t.Error("alice's messages still come")
		}
	})
	t.Run("on demand for many", func(t *testing.T) {
		var users []string
		for i := range 500 {
			users = append(users, fmt.Sprint(i))
		}
		far := distant(t, server.Addr, 40*time.Millisecond) // asked one by one, they would take 20 s
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "amqp://" + far + "?exchange=topics&bind=user.{key}"}, Demand: feedtest.NewWishes(users...)})
		r.Log.Wait(t, "source is connected")
		if strings.Contains(r.Log.String(), "away") {
			t.Error(r.Log.String())
		}
		post(t, ch, "topics", "user.0", "first", "user.499", "last") // all are bound by now
		r.Sink.Wait(t, 2)
	})
	t.Run("publishing", func(t *testing.T) { testAMQPPublishing(t, server, ch) })
	t.Run("refusals", func(t *testing.T) {
		for _, c := range []struct{ about, url, want string }{
			{"wrong password", "amqp://guest:wrong@" + server.Addr + "?exchange=topics", "refused user and password"},
			{"missing exchange", url + "?exchange=none", "there is no exchange"},
			{"wrong type", url + "?exchange=topics&type=fanout", "is not of the type fanout"},
			{"unknown virtual host", url + "/none?exchange=topics", "virtual host"},
			{"nobody there", "amqp://127.0.0.1:1?exchange=topics", "refuses connections"},
		} {
			t.Run(c.about, func(t *testing.T) {
				r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: c.url}})
				if line := r.Log.Wait(t, "source is away", c.want); strings.Contains(line, ":wrong") {
					t.Errorf("the line shows the password: %s", line)
				}
			})
		}
	})
	t.Run("hangs", func(t *testing.T) {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "?exchange=topics"}, Dialling: feed.Dialling{Ping: time.Second}})
		// The broker also gives up a connection that says nothing for seconds, which may
		// happen on a busy machine. The test then waits until the next one hangs.
		for late := time.Now().Add(peertest.Patience); r.Stats().Reconnects[driver.ReasonPing] == 0 && time.Now().Before(late); {
			peertest.Eventually(t, "the source is there", func() bool { return r.Stats().Connected })
			server.Stop()
			peertest.Eventually(t, "the source is away", func() bool { return !r.Stats().Connected })
			server.Continue()
		}
		r.Log.Wait(t, "source is away", `"reason":"ping"`, "no sign of life")
		r.Log.Wait(t, "source is back")
		feedrun.EndsWithin(t, time.Second, func() *feedrun.Running {
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "?exchange=topics"}})
			r.Log.Wait(t, "source is connected")
			return r
		})
	})
	t.Run("killed", func(t *testing.T) {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "?exchange=topics&bind=k"}})
		r.Log.Wait(t, "source is connected")
		post(t, amqpClient(t, server), "topics", "k", "before")
		r.Sink.Wait(t, 1)
		server.Kill()
		r.Log.Wait(t, "source is away")
		server.Start()
		r.Log.Wait(t, "source is back")
		feedrun.RetriesSoon(t, r)
		post(t, amqpClient(t, server), "topics", "k", "after")
		if got := fmt.Sprint(r.Sink.Wait(t, 2)[1].Payload); got != "after" {
			t.Errorf("got %s", got)
		}
	})
}

func TestAMQPURLProblems(t *testing.T) {
	for url, want := range map[string]string{
		"amqp://h":                       "names no exchange",
		"amqp://h?exchange=x&type=queue": "unknown; write one of topic",
		"amqp://h?exchange=x&bind=#":     "%23",
		"amqp://h?exchange=x&queue=q":    "unknown parameter",
	} {
		if _, err := source.New(driver.Options{URL: url}.WithDefaults()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

// testAMQPPublishing is a part of TestAMQP and shares its broker.
func testAMQPPublishing(t *testing.T, server *brokertest.Server, ch *amqp.Channel) {
	url := "amqp://" + server.Addr
	t.Run("an exchange", func(t *testing.T) { feedrun.Converse(t, url+"?exchange=topics&bind=room&publish=room") })
	t.Run("refused", func(t *testing.T) {
		if err := ch.ExchangeDeclare("internal", "topic", true, false, true, false, nil); err != nil {
			t.Fatal(err)
		}
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "?exchange=internal&publish=k"}, Sending: feed.Sending{Uplink: true}})
		r.EventuallyTakes(t, 1)
		for range 2 {
			if err := feedrun.Refused(r, []byte("x")); err == nil || !strings.Contains(err.Error(), "internal") {
				t.Errorf("got %v", err)
			}
		}
		if n := r.Stats().Reconnects[driver.ReasonClosed] + r.Stats().Reconnects[driver.ReasonLost]; n != 0 {
			t.Errorf("the feed's own connection was given up %d times", n)
		}
	})
}
func TestAMQPOverTLS(t *testing.T) {
	cert, key, trust := feedrun.CertificateFiles(t)
	addr := nettest.FreeAddr(t)
	brokertest.RabbitMQ(t, "listeners.ssl.1 = "+addr+"\nssl_options.certfile = "+cert+"\nssl_options.keyfile = "+key+"\nssl_options.verify = verify_none\n")
	feedrun.OverTLS(t, "amqps://"+addr+"?exchange=amq.topic", trust)
}
