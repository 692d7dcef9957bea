//go:build unix

package nats_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"fantail/feed"
	"fantail/feed/brokertest"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	source "fantail/feed/nats"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// natsClient returns a client that publishes. It is not under test.
func natsClient(t testing.TB, s *brokertest.Server, o ...nats.Option) *nats.Conn {
	t.Helper()
	c, err := nats.Connect("nats://"+s.Addr, append(o, nats.NoReconnect(), nats.Timeout(peertest.Patience))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// tell publishes pairs of subject and payload.
func tell(t testing.TB, c *nats.Conn, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := c.Publish(pairs[i], []byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.FlushTimeout(peertest.Patience); err != nil {
		t.Fatal(err)
	}
}

// keep publishes pairs of subject and payload, and waits until JetStream has
// stored them.
func keep(t testing.TB, c *nats.Conn, pairs ...string) {
	t.Helper()
	js, err := c.JetStream(nats.MaxWait(peertest.Patience))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if _, err := js.Publish(pairs[i], []byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
}

// addStream makes the stream S of s.>.
func addStream(t testing.TB, c *nats.Conn) nats.JetStreamContext {
	t.Helper()
	js, err := c.JetStream(nats.MaxWait(peertest.Patience))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s.>"}}); err != nil {
		t.Fatal(err)
	}
	return js
}

func TestNATSSubjects(t *testing.T) {
	server := brokertest.NATS(t, "max_payload: 32MB\nmax_pending: 64MB")
	c := natsClient(t, server)
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "nats://" + server.Addr + "?subject=news&subject=room.*"}, Messages: feed.Messages{MaxMessage: 1 << 20}})
	r.Log.Wait(t, "source is connected")
	tell(t, c, "news", "one", "other", "no", "room.1", "two", "news", "\xff\xfe", "news", strings.Repeat("x", 20<<20), "room.2", "three")
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
}

func TestNATSRefusals(t *testing.T) {
	server := brokertest.NATS(t, `authorization { timeout: 60, users = [
		{ user: u, password: right, permissions: { subscribe: { deny: "secret.>" } } }
	] }`)
	for _, c := range []struct{ about, url, want string }{
		{"no password", "nats://" + server.Addr + "?subject=a", "correct user and password"},
		{"wrong password", "nats://u:wrong@" + server.Addr + "?subject=a", "correct user and password"},
		{"forbidden subject", "nats://u:right@" + server.Addr + "?subject=secret.x", "to subscribe to this"},
		{"missing stream", "nats://u:right@" + server.Addr + "?stream=none", `no stream \"none\"`},
		{"TLS where none is", "tls+nats://u:right@" + server.Addr + "?subject=a", "offers no TLS"},
		{"nobody there", "nats://127.0.0.1:1?subject=a", "refuses connections"},
	} {
		t.Run(c.about, func(t *testing.T) {
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: c.url}})
			line := r.Log.Wait(t, "source is away", c.want)
			if strings.Contains(line, ":wrong") || strings.Contains(line, ":right") {
				t.Errorf("the line shows the password: %s", line)
			}
		})
	}
}

func TestNATSURLProblems(t *testing.T) {
	for url, want := range map[string]string{
		"nats://h":                        "?subject=",
		"nats://h?subject=a..b":           "words with dots",
		"nats://h/x?subject=a":            "has the path",
		"nats://h?stream=S&from=tomorrow": "from=",
		"nats://h?stream=S&from=0":        "from=",
		"nats://h?subscribe=a":            "unknown parameter",
	} {
		if _, err := source.New(driver.Options{URL: url}.WithDefaults()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

func TestNATSStreamIsResumed(t *testing.T) {
	server := brokertest.NATS(t, "")
	c := natsClient(t, server)
	addStream(t, c)
	keep(t, c, "s.a", "before")
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "nats://" + server.Addr + "?stream=S"}})
	r.Log.Wait(t, "source is connected")
	keep(t, c, "s.a", "one", "s.b", "two")
	r.Sink.Wait(t, 2)
	server.Kill()
	r.Log.Wait(t, "source is away")
	server.Start()
	keep(t, natsClient(t, server), "s.a", "three")
	r.Sink.Wait(t, 3)
	if got := fmt.Sprint(r.Sink.Payloads(), r.Sink.Keys); got != "[one two three] [s.a s.b s.a]" {
		t.Errorf("got %s", got)
	}
}

// TestNATSStreamLapses: the stream is trimmed, and then recreated, while we are away.
func TestNATSStreamLapses(t *testing.T) {
	server := brokertest.NATS(t, "")
	c := natsClient(t, server)
	js := addStream(t, c)
	d, err := source.New(driver.Options{URL: "nats://" + server.Addr + "?stream=S&from=all"}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	keep(t, c, "s.a", "1")
	name := func() string {
		info, err := js.StreamInfo("S")
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("nats stream S of %d", info.Created.UnixNano())
	}
	s := feedtest.Open(t, d)
	feedtest.WantNumbering(t, s, name(), 0)
	feedtest.WantNext(t, s, "1", 1)
	s.Close()
	check := func(about string, missed, behind uint64, payload string) {
		t.Helper()
		s := feedtest.Open(t, d)
		defer s.Close()
		if told := feedtest.WantNumbering(t, s, name(), behind); told.Detail == nil || told.Missed != missed || !strings.Contains(told.Detail.Error(), about) {
			t.Errorf("%s: got %v, want a loss of %d", about, told, missed)
		}
		feedtest.WantNext(t, s, payload, behind+1)
	}
	keep(t, c, "s.a", "2", "s.a", "3", "s.a", "4")
	if err := js.PurgeStream("S", &nats.StreamPurgeRequest{Sequence: 4}); err != nil {
		t.Fatal(err)
	}
	check("trimmed", 2, 3, "4")
	first := name()
	if err := js.DeleteStream("S"); err != nil {
		t.Fatal(err)
	}
	addStream(t, c)
	keep(t, c, "s.a", "new")
	check("recreated", 0, 0, "new")
	if name() == first {
		t.Error("a stream that was recreated has the numbering of the first")
	}
}

// TestNATSHangs: NATS keeps the connection and says nothing.
func TestNATSHangs(t *testing.T) {
	server := brokertest.NATS(t, "")
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "nats://" + server.Addr + "?subject=a"}, Dialling: feed.Dialling{Ping: 200 * time.Millisecond}})
	r.Log.Wait(t, "source is connected")
	server.Stop()
	r.Log.Wait(t, "source is away", `"reason":"ping"`, "no sign of life")
	server.Continue()
	r.Log.Wait(t, "source is back")
	feedrun.EndsWithin(t, time.Second, func() *feedrun.Running {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "nats://" + server.Addr + "?subject=a"}})
		r.Log.Wait(t, "source is connected")
		return r
	})
}

// TestNATSFloodIsNotDropped: more messages come than the library's queue and a window hold,
// while the reader does not read.
func TestNATSFloodIsNotDropped(t *testing.T) {
	server := brokertest.NATS(t, "")
	d, err := source.New(driver.Options{URL: "nats://" + server.Addr + "?subject=a"}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	s := feedtest.Open(t, d)
	defer s.Close()
	c := natsClient(t, server)
	const messages = 2 * source.Queue
	for i := range messages {
		if err := c.Publish("a", fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.FlushTimeout(peertest.Patience); err != nil { // NATS has all of them, and sends what it can
		t.Fatal(err)
	}
	waiting := func() int { return source.Waiting(s) }
	peertest.Eventually(t, "messages wait", func() bool { return waiting() > 0 })
	for i := range messages {
		if n := waiting(); n > source.Queue*3/4 {
			t.Fatalf("%d messages wait", n)
		}
		ev, err := s.Next()
		if err != nil || string(ev.Message.Payload) != fmt.Sprint(i) {
			t.Fatalf("message %d is %+v, %v", i, ev, err)
		}
	}
}

func TestNATSKilledUnderLoad(t *testing.T) {
	server := brokertest.NATS(t, "")
	c := natsClient(t, server)
	addStream(t, c)
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "nats://" + server.Addr + "?stream=S"}})
	r.Log.Wait(t, "source is connected")
	const before, after = 1000, 2000
	for i := range before {
		keep(t, c, "s.a", fmt.Sprint(i))
	}
	server.Kill()
	server.Start()
	c = natsClient(t, server)
	for i := before; i < after; i++ {
		keep(t, c, "s.a", fmt.Sprint(i))
	}
	for i, m := range r.Sink.Wait(t, after) {
		if m.Payload != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, m.Payload)
		}
	}
	feedrun.BackSoon(t, server, r)
	feedrun.RetriesSoon(t, r)
}

func TestDemandOfNATS(t *testing.T) {
	monitor := nettest.FreeAddr(t)
	server := brokertest.NATS(t, "http: \""+monitor+"\"")
	var c *nats.Conn
	feedrun.OnDemand(t, server, "nats://"+server.Addr+"?subject=user.{key}", func(key, text string) {
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

// TestForbiddenKeyOfNATS: a forbidden key is a log line, and the messages of others come.
func TestForbiddenKeyOfNATS(t *testing.T) {
	server := brokertest.NATS(t, `authorization { timeout: 60, users = [
		{ user: u, password: p, permissions: { subscribe: { allow: ["user.>"], deny: "user.secret" } } }
		{ user: w, password: p }
	] }`)
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "nats://u:p@" + server.Addr + "?subject=user.{key}"}, Demand: feedtest.NewWishes("secret", "alice")})
	r.Log.Wait(t, "source is connected")
	r.Log.Wait(t, "to subscribe to this")
	tell(t, natsClient(t, server, nats.UserInfo("w", "p")), "user.secret", "no", "user.alice", "yes")
	if got := r.Sink.Wait(t, 1)[0].Payload; got != "yes" || strings.Contains(r.Log.String(), "away") {
		t.Errorf("got %q\n%s", got, r.Log.String())
	}
}
func TestNATSPublishing(t *testing.T) {
	server := brokertest.NATS(t, `authorization { timeout: 60, users: [
		{ user: u, password: pw, permissions: { publish: ["room", "s.>", "$JS.>"], subscribe: ">" } } ] }`)
	url := "nats://u:pw@" + server.Addr
	t.Run("a subject", func(t *testing.T) { feedrun.Converse(t, url+"?subject=room&publish=room") })
	addStream(t, natsClient(t, server, nats.UserInfo("u", "pw")))
	t.Run("a stream", func(t *testing.T) { feedrun.Converse(t, url+"?stream=S&publish=s.a") })
	t.Run("refused", func(t *testing.T) {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: url + "?subject=room&publish=other"}, Sending: feed.Sending{Uplink: true}})
		r.EventuallyTakes(t, 1)
		for range 2 {
			if err := feedrun.Refused(r, []byte("x")); err == nil || !feedtest.Holds(err.Error(), []string{"Publish", "to publish to this"}) || strings.Contains(err.Error(), "pw") {
				t.Errorf("got %v", err)
			}
		}
		if err := feedrun.Refused(r, bytes.Repeat([]byte("x"), 2<<20)); err == nil || !strings.Contains(err.Error(), "maximum payload") {
			t.Errorf("got %v", err)
		}
		tell(t, natsClient(t, server, nats.UserInfo("u", "pw")), "room", "still there")
		r.Sink.Wait(t, 1)
	})
}

func TestNATSOverTLS(t *testing.T) {
	cert, key, trust := feedrun.CertificateFiles(t)
	server := brokertest.NATS(t, `tls { cert_file: "`+cert+`", key_file: "`+key+`" }`)
	feedrun.OverTLS(t, "tls+nats://"+server.Addr+"?subject=a", trust)
}
