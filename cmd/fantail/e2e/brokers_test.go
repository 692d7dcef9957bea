//go:build unix

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/feed/brokertest"
	"fantail/hub/peertest"
)

// brokerFeed is a real broker that a relay reads from and a test publishes to.
type brokerFeed struct {
	*brokertest.Server
	source  string                                                    // what the relay is told
	connect func() (publish func(text ...[]byte) error, leave func()) // may be called again after a restart
}

// brokerFeeds are the ways of reading brokers. Each starts its broker.
var brokerFeeds = map[string]func(testing.TB) *brokerFeed{
	"redis channel": func(t testing.TB) *brokerFeed {
		return redisFeed(t, "subscribe=s", func(p redis.Pipeliner, text []byte) { p.Publish(context.Background(), "s", text) })
	},
	"redis stream": func(t testing.TB) *brokerFeed {
		f := redisFeed(t, "stream=s&from=0", func(p redis.Pipeliner, text []byte) {
			p.XAdd(context.Background(), &redis.XAddArgs{Stream: "s", Values: []any{"data", text}})
		})
		c := redis.NewClient(&redis.Options{Addr: f.Addr})
		defer c.Close()
		if err := c.XGroupCreateMkStream(t.Context(), "s", "unused", "$").Err(); err != nil { // makes it empty
			t.Fatal(err)
		}
		return f
	},
	"nats subject": func(t testing.TB) *brokerFeed { return natsFeed(t, "subject=s") },
	"nats stream": func(t testing.TB) *brokerFeed {
		f := natsFeed(t, "stream=S&from=all")
		c, err := nats.Connect("nats://" + f.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		js, err := c.JetStream()
		if err == nil {
			_, err = js.AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s"}})
		}
		if err != nil {
			t.Fatal(err)
		}
		return f
	},
	"amqp exchange": amqpFeed,
}

func redisFeed(t testing.TB, query string, add func(redis.Pipeliner, []byte)) *brokerFeed {
	server := brokertest.Redis(t, "--appendfsync", "everysec")
	return &brokerFeed{server, "redis://" + server.Addr + "?" + query, func() (func(...[]byte) error, func()) {
		c := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1, DialerRetries: 1, ReadTimeout: peertest.Patience})
		return func(text ...[]byte) error {
			_, err := c.Pipelined(context.Background(), func(p redis.Pipeliner) error {
				for _, one := range text {
					add(p, one)
				}
				return nil
			})
			return err
		}, func() { c.Close() }
	}}
}

func natsFeed(t testing.TB, query string) *brokerFeed {
	server := brokertest.NATS(t, "")
	return &brokerFeed{server, "nats://" + server.Addr + "?" + query, func() (func(...[]byte) error, func()) {
		c, err := nats.Connect("nats://"+server.Addr, nats.NoReconnect())
		if err != nil {
			t.Fatal(err)
		}
		return func(text ...[]byte) error {
			for _, one := range text {
				if err := c.Publish("s", one); err != nil {
					return err
				}
			}
			return c.Flush()
		}, c.Close
	}}
}

func amqpFeed(t testing.TB) *brokerFeed {
	server := brokertest.RabbitMQ(t, "")
	return &brokerFeed{server, "amqp://" + server.Addr + "?exchange=s&type=fanout", func() (func(...[]byte) error, func()) {
		conn, err := amqp.Dial("amqp://guest:guest@" + server.Addr)
		if err != nil {
			t.Fatal(err)
		}
		ch, err := conn.Channel()
		if err != nil {
			t.Fatal(err)
		}
		return func(text ...[]byte) error {
			for _, one := range text {
				if err := ch.PublishWithContext(context.Background(), "s", "k", false, false, amqp.Publishing{Body: one}); err != nil {
					return err
				}
			}
			return nil
		}, func() { conn.Close() }
	}}
}

// numbered is a message of 200 bytes that begins with its number.
func numbered(n int) []byte {
	b := fmt.Appendf(nil, `{"n":%d,"pad":"`, n)
	return append(append(b, bytes.Repeat([]byte("x"), 198-len(b))...), `"}`...)
}

// numberOf returns the number of such a message, or -1 for any other message.
func numberOf(payload []byte) int {
	digits, _, _ := bytes.Cut(bytes.TrimPrefix(payload, []byte(`{"n":`)), []byte(","))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return -1
	}
	return n
}

// pour publishes numbered messages at a rate, up to the given number or until publishing
// fails. It returns the number of published messages.
func pour(publish func(...[]byte) error, from, to, rate int) int {
	const every, most = 10 * time.Millisecond, 1000 // at once, when it was held up
	tick := time.NewTicker(every)
	defer tick.Stop()
	for began, n := time.Now(), from; ; <-tick.C {
		due := min(to, n+most, from+int(time.Since(began)*time.Duration(rate)/time.Second))
		var batch [][]byte
		for ; n < due; n++ {
			batch = append(batch, numbered(n))
		}
		if len(batch) > 0 && publish(batch...) != nil || n >= to {
			return n
		}
	}
}

// TestBrokersUnderLoad: a fast feed for few clients, and a slower one for many. Each
// client gets every message in order.
func TestBrokersUnderLoad(t *testing.T) {
	parallel(t)
	for name, begin := range brokerFeeds {
		t.Run(name, func(t *testing.T) {
			f := begin(t)
			r := servetest.Start(t, "FANTAIL_SOURCE_URL="+f.source)
			r.Find(`(source is connected)`)
			publish, leave := f.connect()
			defer leave()
			for _, load := range []struct{ clients, rate int }{{20, 10000}, {scale(100, 1000), 500}} {
				deliverAll(t, r, publish, load.clients, load.rate, load.rate*scale(2, 10))
			}
		})
	}
}

// deliverAll has new clients get a number of messages.
func deliverAll(t *testing.T, r *servetest.Relay, publish func(...[]byte) error, clients, rate, messages int) {
	t.Helper()
	done := make(chan error, clients)
	for _, s := range subscribeAll(t, clients, r.Addr, "/ws") {
		go func() { done <- s.expect(0, messages) }() // ended by the last message, or with the connection
	}
	began := time.Now()
	if n := pour(publish, 0, messages, rate); n != messages {
		t.Fatalf("only %d messages could be published", n)
	}
	poured := time.Since(began)
	for range clients {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(2 * peertest.Patience):
			t.Fatal("the last message does not come")
		}
	}
	t.Logf("%d messages in %v into %d clients; the last of them had all %v later", messages, poured.Round(time.Millisecond),
		clients, (time.Since(began) - poured).Round(time.Millisecond))
}

// expect reads messages until it has those from one number up to another, without
// a hole or a repeat.
func (s *subscriber) expect(from, to int) error {
	for from < to {
		op, payload, err := s.frame()
		switch {
		case err != nil:
			return fmt.Errorf("at message %d: %w", from, err)
		case op == 9:
			s.answer(10, payload)
		case op == 1 && numberOf(payload) == from:
			from++
		default:
			return fmt.Errorf("got %d %.40q, want message %d", op, payload, from)
		}
	}
	return nil
}

// B1 for sources: the broker is killed under load and comes back. The relay
// relays the messages that the broker kept, without a hole or a repeat. The others are an
// outage.
func TestB1BrokerKilled(t *testing.T) {
	parallel(t)
	var took []time.Duration // from the broker's return to its source's
	for name, begin := range brokerFeeds {
		t.Run(name, func(t *testing.T) {
			f := begin(t)
			r := servetest.Start(t, "FANTAIL_SOURCE_URL="+f.source, "FANTAIL_STALL_TIMEOUT=10m") // the test reads at its end
			r.Find(`(source is connected)`)
			keeps := name == "redis stream" || name == "nats stream"
			next := streamLines(t, "http://"+r.Addr+"/stream")
			publish, leave := f.connect()
			poured := make(chan int, 1)
			go func() { poured <- pour(publish, 0, 1<<20, 2000) }() // ended by the broker's end
			peertest.Eventually(t, "messages", func() bool { return r.Metric("fantail_feed_messages_total") > 1000 })
			f.Kill()
			from := <-poured
			leave()
			r.Find(`(source is away)`)
			f.Start()
			began := time.Now()
			r.Find(`(source is back)`)
			took = append(took, time.Since(began))
			publish, leave = f.connect()
			defer leave()
			if n := pour(publish, from, from+1000, 2000); n != from+1000 {
				t.Fatalf("only %d of 1000 could be published", n-from)
			}
			checkOutage(t, next, from+1000, keeps)
		})
	}
	// The best counts: the machine may be busy whenever a broker returns.
	if len(took) > 0 && (slices.Min(took) > 2*time.Second || slices.Max(took) > 20*time.Second) {
		t.Errorf("the sources were back %v after their brokers", took)
	}
}

// checkOutage reads until the last message. Numbers rise, and an outage is told. A broker
// that keeps its messages has a hole only where its publisher does not know which
// messages the broker took.
func checkOutage(t *testing.T, next func() (envelopeLine, error), to int, keeps bool) {
	t.Helper()
	const batch = 2000 // messages that one call of the publisher may have lost
	var states []string
	for last := -1; last < to-1; {
		line, err := next()
		if err != nil {
			t.Fatal(err)
		}
		if line.Notice == "source" {
			states = append(states, line.State)
		}
		if line.Notice != "" {
			continue
		}
		if n := line.Data.N; n <= last || keeps && n > last+batch {
			t.Fatalf("message %d after %d", n, last)
		}
		last = line.Data.N
	}
	if len(states) == 0 || states[len(states)-1] != "up" { // a short one is told at its end alone
		t.Errorf("the source was told to be %v", states)
	}
}
