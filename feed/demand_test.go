//go:build unix

package feed

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"fantail/feed/brokertest"
	"fantail/hub/nettest"
)

// wishes is a Demand that a test sets.
type wishes struct {
	changed chan struct{}
	mu      sync.Mutex
	now     map[string]bool // wanted
	told    map[string]bool
}

func newWishes(keys ...string) *wishes {
	w := &wishes{changed: make(chan struct{}, 1), now: map[string]bool{}, told: map[string]bool{}}
	w.want(true, keys...)
	return w
}

func (w *wishes) want(on bool, keys ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range keys {
		w.now[k] = on
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *wishes) Changed() <-chan struct{} { return w.changed }

func (w *wishes) Changes() (wanted, unwanted []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k, on := range w.now {
		switch {
		case on && !w.told[k]:
			wanted = append(wanted, k)
		case !on && w.told[k]:
			unwanted = append(unwanted, k)
		}
		w.told[k] = on
	}
	return wanted, unwanted
}

func (w *wishes) All() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.told)
	for k, on := range w.now {
		if w.told[k] = on; on {
			all = append(all, k)
		}
	}
	return all
}

// onDemand drives a source on demand through a life: what is wanted from the
// start, what comes, what goes, and a broker that is killed. subscribed says
// whether the broker has a subscriber for a key.
func onDemand(t *testing.T, server *brokertest.Server, url string, publish func(key, text string), subscribed func(key string) bool) {
	t.Helper()
	w := newWishes("alice")
	r := start(t, Config{Sources: Sources{URL: url}, Demand: w})
	r.log.wait(t, "source is connected")
	publish("alice", "1")
	publish("bob", "not wanted")
	r.sink.wait(t, 1)
	w.want(true, "bob")
	eventually(t, "bob has a subscriber", func() bool { return subscribed("bob") })
	publish("bob", "2")
	r.sink.wait(t, 2)
	w.want(false, "alice")
	eventually(t, "alice has no subscriber", func() bool { return !subscribed("alice") })
	publish("alice", "not wanted any more")
	publish("bob", "3")
	r.sink.wait(t, 3)
	server.Kill()
	r.log.wait(t, "source is away")
	w.want(true, "carol")
	server.Start()
	r.log.wait(t, "source is back")
	if subscribed("alice") || !subscribed("bob") || !subscribed("carol") {
		t.Errorf("after the restart alice %v, bob %v, carol %v", subscribed("alice"), subscribed("bob"), subscribed("carol"))
	}
	publish("carol", "4")
	r.sink.wait(t, 4)
	if got := fmt.Sprint(r.sink.payloads(), r.sink.keys); got != "[1 2 3 4] [alice bob bob carol]" {
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
	w := newWishes(users...)
	r := start(t, Config{Sources: Sources{URL: "redis://" + server.Addr + "?subscribe=user:{key}"}, Demand: w})
	r.log.wait(t, "source is connected")
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
	w.want(false, users...)
	eventually(t, "all channels are left", func() bool { return channels() == 0 })
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
	r := start(t, Config{Sources: Sources{URL: "nats://u:p@" + server.Addr + "?subject=user.{key}"}, Demand: newWishes("secret", "alice")})
	r.log.wait(t, "source is connected")
	r.log.wait(t, "allowed to subscribe")
	tell(t, natsClient(t, server, nats.UserInfo("w", "p")), "user.secret", "no", "user.alice", "yes")
	if got := r.sink.wait(t, 1)[0].payload; got != "yes" || strings.Contains(r.log.String(), "away") {
		t.Errorf("got %q\n%s", got, r.log.String())
	}
}
