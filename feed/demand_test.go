//go:build unix

package feed

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"fantail/feed/brokertest"
	"fantail/feed/internal/feedtest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// onDemand drives a source on demand through a life: what is wanted from the
// start, what comes, what goes, and a broker that is killed. subscribed says
// whether the broker has a subscriber for a key.
func onDemand(t *testing.T, server *brokertest.Server, url string, publish func(key, text string), subscribed func(key string) bool) {
	t.Helper()
	w := feedtest.NewWishes("alice")
	r := start(t, Config{Sources: Sources{URL: url}, Demand: w})
	r.log.Wait(t, "source is connected")
	publish("alice", "1")
	publish("bob", "not wanted")
	r.sink.Wait(t, 1)
	w.Want(true, "bob")
	peertest.Eventually(t, "bob has a subscriber", func() bool { return subscribed("bob") })
	publish("bob", "2")
	r.sink.Wait(t, 2)
	w.Want(false, "alice")
	peertest.Eventually(t, "alice has no subscriber", func() bool { return !subscribed("alice") })
	publish("alice", "not wanted any more")
	publish("bob", "3")
	r.sink.Wait(t, 3)
	server.Kill()
	r.log.Wait(t, "source is away")
	w.Want(true, "carol")
	server.Start()
	r.log.Wait(t, "source is back")
	if subscribed("alice") || !subscribed("bob") || !subscribed("carol") {
		t.Errorf("after the restart alice %v, bob %v, carol %v", subscribed("alice"), subscribed("bob"), subscribed("carol"))
	}
	publish("carol", "4")
	r.sink.Wait(t, 4)
	if got := fmt.Sprint(r.sink.Payloads(), r.sink.Keys); got != "[1 2 3 4] [alice bob bob carol]" {
		t.Errorf("got %s", got)
	}
}

func TestDemandOfRedis(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	onDemand(t, server, "redis://"+server.Addr+"?subscribe=user:{key}", func(key, text string) {
		if err := c.Publish(t.Context(), "user:"+key, text).Err(); err != nil {
			t.Fatal(err)
		}
	}, func(key string) bool {
		n, err := c.PubSubNumSub(t.Context(), "user:"+key).Result()
		if err != nil {
			t.Fatal(err)
		}
		return n["user:"+key] == 1
	})
}

// TestDemandOfRedisForMany: more than one SUBSCRIBE takes.
func TestDemandOfRedisForMany(t *testing.T) {
	server := brokertest.Redis(t)
	c := redisClient(t, server)
	var users []string
	for i := range 5 * redisBatch {
		users = append(users, fmt.Sprint(i))
	}
	w := feedtest.NewWishes(users...)
	r := start(t, Config{Sources: Sources{URL: "redis://" + server.Addr + "?subscribe=user:{key}"}, Demand: w})
	r.log.Wait(t, "source is connected")
	channels := func() int {
		all, err := c.PubSubChannels(t.Context(), "user:*").Result()
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := channels(); n != len(users) {
		t.Errorf("%d channels, want %d", n, len(users))
	}
	w.Want(false, users...)
	peertest.Eventually(t, "all channels are left", func() bool { return channels() == 0 })
}

func TestDemandOfNATS(t *testing.T) {
	monitor := nettest.FreeAddr(t)
	server := brokertest.NATS(t, "http: \""+monitor+"\"")
	var c *nats.Conn
	onDemand(t, server, "nats://"+server.Addr+"?subject=user.{key}", func(key, text string) {
		if c == nil || !c.IsConnected() {
			c = natsClient(t, server)
		}
		tell(t, c, "user."+key, text)
	}, func(key string) bool {
		resp, err := http.Get("http://" + monitor + "/subsz?subs=1")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		defer http.DefaultClient.CloseIdleConnections()
		list, err := io.ReadAll(resp.Body)
		return err == nil && strings.Contains(string(list), `"user.`+key+`"`)
	})
}

// TestKeysAreNoWildcards: a client must not hear others by naming a key.
func TestKeysAreNoWildcards(t *testing.T) {
	d, err := findAndOpen("nats://h?subject=user.{key}")
	if err != nil {
		t.Fatal(err)
	}
	got := d.(*natsSubjects).of([]string{"alice", ">", "*", "a.>", "a b", "a..b", ".", "a.b"})
	if want := []string{"user.alice", "user.a.b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	a, err := findAndOpen("amqp://h?exchange=x&bind=user.{key}")
	if err != nil {
		t.Fatal(err)
	}
	if got := a.(*amqpDriver).of([]string{"alice", "#", "*", "a.#"}); !slices.Equal(got, []string{"user.alice"}) {
		t.Errorf("got %q", got)
	}
}

// TestForbiddenKeyOfNATS: it is a log line, and the others are heard.
func TestForbiddenKeyOfNATS(t *testing.T) {
	server := brokertest.NATS(t, `authorization { timeout: 60, users = [
		{ user: u, password: p, permissions: { subscribe: { allow: ["user.>"], deny: "user.secret" } } }
		{ user: w, password: p }
	] }`)
	r := start(t, Config{Sources: Sources{URL: "nats://u:p@" + server.Addr + "?subject=user.{key}"}, Demand: feedtest.NewWishes("secret", "alice")})
	r.log.Wait(t, "source is connected")
	r.log.Wait(t, "allowed to subscribe")
	tell(t, natsClient(t, server, nats.UserInfo("w", "p")), "user.secret", "no", "user.alice", "yes")
	if got := r.sink.Wait(t, 1)[0].Payload; got != "yes" || strings.Contains(r.log.String(), "away") {
		t.Errorf("got %q\n%s", got, r.log.String())
	}
}
