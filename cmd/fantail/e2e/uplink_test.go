//go:build unix

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/feed/brokertest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// TestUplinkChat: the clients of two relays on one source talk to each other. Every client
// gets every message once and in one order.
func TestUplinkChat(t *testing.T) {
	parallel(t)
	const each, messages = 5, 40
	source, url := startChatServer(t, 0)
	env := []string{"FANTAIL_SOURCE_URL=" + url, "FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=^say ", "FANTAIL_UPLINK_RATE=100"}
	relays := []*servetest.Relay{servetest.Start(t, env...), servetest.Start(t, env...)}
	var clients []*subscriber
	for _, r := range relays {
		peertest.Eventually(t, "the source is connected", func() bool { return r.Metric("fantail_feed_connected") == 1 })
		clients = append(clients, subscribeAll(t, each, r.Addr, "/ws")...)
	}
	total := len(clients) * messages
	heard := make([][]string, len(clients))
	var wg sync.WaitGroup
	for i, s := range clients {
		wg.Go(func() { // ends with the last message, or converse's deadline
			err := s.converse(i, messages, func(text string) bool {
				heard[i] = append(heard[i], text)
				return len(heard[i]) < total
			})
			if err != nil {
				t.Errorf("%v after %d messages", err, len(heard[i]))
			}
		})
	}
	wg.Wait()
	said := source.said()
	checkSaid(t, said, len(clients), messages)
	for i := range clients {
		if fmt.Sprint(heard[i]) != fmt.Sprint(said) {
			t.Errorf("client %d heard another conversation than the source: %d messages of %d", i, len(heard[i]), len(said))
		}
	}
	for _, r := range relays {
		peertest.Eventually(t, "all messages are counted as forwarded", func() bool {
			return r.Metric(`fantail_uplink_messages_total{result="forwarded"}`) == each*messages
		})
	}
}

// TestUplinkChatOverRedis: two relays on a channel of Redis, to which they
// publish too. Listeners break off and resume between any two messages; nobody
// misses one or gets one twice.
func TestUplinkChatOverRedis(t *testing.T) {
	parallel(t)
	const speakers, messages = 3, 100
	env := []string{"FANTAIL_SOURCE_URL=redis://" + brokertest.Redis(t).Addr + "?subscribe=room&publish=room",
		"FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=^say ", "FANTAIL_UPLINK_RATE=0"}
	relays := []*servetest.Relay{servetest.Start(t, env...), servetest.Start(t, env...)}
	for _, r := range relays {
		peertest.Eventually(t, "the source is connected", func() bool { return r.Metric("fantail_feed_connected") == 1 })
	}
	var there [][]*subscriber // before anybody speaks
	for _, r := range relays {
		there = append(there, subscribeAll(t, speakers, r.Addr, "/ws"))
	}
	var wg sync.WaitGroup
	for at, r := range relays {
		all := there[at]
		for range 3 {
			wg.Go(func() { checkSaid(t, listen(t, r.Addr, all[0].position, 2*speakers*messages), 2*speakers, messages) })
		}
		for i, s := range all {
			wg.Go(func() { // ends with the last message, or converse's deadline
				var heard []string
				err := s.converse(at*speakers+i, messages, func(text string) bool {
					heard = append(heard, text)
					return len(heard) < 2*speakers*messages
				})
				if err != nil {
					t.Error(err)
				}
				checkSaid(t, heard, 2*speakers, messages)
			})
		}
	}
	wg.Wait()
}

// listen gets a number of messages after a position, over one connection after the other.
func listen(t *testing.T, addr, from string, n int) (heard []string) {
	client := http.Client{Timeout: 2 * peertest.Patience} // of one connection
	for len(heard) < n && !t.Failed() {
		resp, err := client.Get("http://" + addr + "/stream?since=" + from)
		if err != nil {
			t.Error(err)
			return heard
		}
		if resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			t.Errorf("answered %s", resp.Status)
			return heard
		}
		lines := bufio.NewScanner(resp.Body)
		for left := rand.IntN(50); left >= 0 && len(heard) < n && lines.Scan(); {
			var line struct{ Pos, Notice, Data string }
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Notice == "gap" {
				t.Errorf("got %s (%v)", lines.Bytes(), err)
				return heard
			}
			if line.Notice == "" {
				heard, from = append(heard, line.Data), line.Pos
				left--
			}
		}
		resp.Body.Close()
		if err := lines.Err(); err != nil {
			t.Errorf("%v after %d messages of %d", err, len(heard), n)
		}
	}
	return heard
}

// checkSaid checks that each message was heard once, and those of each speaker in
// order.
func checkSaid(t *testing.T, said []string, speakers, messages int) {
	t.Helper()
	next := make([]int, speakers)
	for _, text := range said {
		var from, n int
		if _, err := fmt.Sscanf(text, "say %d %d", &from, &n); err != nil || n != next[from] {
			t.Errorf("%q, want number %d of that speaker (%v)", text, next[from], err)
			return
		}
		next[from]++
	}
	if len(said) != speakers*messages {
		t.Errorf("%d messages were heard, want %d", len(said), speakers*messages)
	}
}

// TestUplinkRefusals: the client is told the reason, and the others stay.
func TestUplinkRefusals(t *testing.T) {
	parallel(t)
	source, url := startChatServer(t, 10*time.Millisecond)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL="+url, "FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=^say", "FANTAIL_UPLINK_RATE=3/1h", "FANTAIL_UPLINK_MAX_MESSAGE=100")
	peertest.Eventually(t, "the source is connected", func() bool { return r.Metric("fantail_feed_connected") == 1 })
	for _, c := range []struct {
		send string
		n    int
		code uint16
		word string
	}{
		{`{"op":"unsubscribe"}`, 1, 1008, "uplink"},
		{"say \xff", 1, 1007, "not-utf8"},
		{"say " + strings.Repeat("x", 100), 1, 1009, "too-large"},
		{"say it again", 4, 1008, "flood"},
	} {
		s := subscribeAll(t, 1, r.Addr, "/ws")[0]
		for range c.n {
			s.say(c.send)
		}
		if code, word := s.wantEnd(t); code != c.code || word != c.word {
			t.Errorf("%.20q: closed with %d %q, want %d %q", c.send, code, word, c.code, c.word)
		}
		if n := r.Metric(`fantail_uplink_messages_total{result="` + c.word + `"}`); n != 1 {
			t.Errorf("%v messages counted as %s", n, c.word)
		}
	}
	peertest.Eventually(t, "the source has what may pass", func() bool { return len(source.said()) == 3 })
}

// TestUplinkSourceAway: nothing is dropped silently, and a client that comes again when
// the source is back is served.
func TestUplinkSourceAway(t *testing.T) {
	parallel(t)
	addr := nettest.FreeAddr(t)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=ws://"+addr+"/", "FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=.*")
	s := subscribeAll(t, 1, r.Addr, "/ws")[0]
	began := time.Now()
	s.say("anybody there?")
	if code, word := s.wantEnd(t); code != 1013 || word != "busy" || time.Since(began) > 20*time.Second {
		t.Errorf("closed with %d %q after %v", code, word, time.Since(began))
	}
	r.Find(`(source is away, so nothing can be sent)`)
}

// TestUplinkFlood: clients that send as fast as they can delay the feed of no client, and
// the source gets no more than the rate.
func TestUplinkFlood(t *testing.T) {
	parallel(t)
	source, url := startChatServer(t, 5*time.Millisecond)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL="+url, "FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=.*", "FANTAIL_UPLINK_RATE=0", "FANTAIL_SOURCE_SEND_RATE=50")
	peertest.Eventually(t, "the source is connected", func() bool { return r.Metric("fantail_feed_connected") == 1 })
	var wg sync.WaitGroup
	defer wg.Wait()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	for range 20 {
		wg.Go(func() { // ends with ctx
			for ctx.Err() == nil {
				s, err := openSubscriber(r.Addr, "/ws", 8<<10)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range 1000 {
					s.say(fmt.Sprint("flood ", i))
				}
				s.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
				s.readAll(nil)
				s.conn.Close()
			}
		})
	}
	healthy := subscribeAll(t, 1, r.Addr, "/ws")[0]
	next := -1
	var late []time.Duration
	for ctx.Err() == nil {
		payload, err := healthy.message()
		var n int
		var made int64
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.HasPrefix(string(payload), "flood"):
			continue
		}
		if _, err := fmt.Sscanf(string(payload), "tick %d %d", &n, &made); err != nil || next >= 0 && n != next {
			t.Fatalf("%q, want tick %d (%v)", payload, next, err)
		}
		next, late = n+1, append(late, time.Since(time.Unix(0, made)))
	}
	wg.Wait()
	n, took := len(source.said()), time.Since(began)
	t.Logf("20 clients flood; the source got %d messages in %v", n, took)
	checkLate(t, late)
	if n < 20 || float64(n) > 50*(took.Seconds()+2) {
		t.Errorf("the source got %d messages in %v at 50 a second", n, took)
	}
}

// TestUplinkWarnings: the log warns of settings that let more through than it seems.
func TestUplinkWarnings(t *testing.T) {
	parallel(t)
	_, url := startChatServer(t, 0)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL="+url, "FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=chat", "FANTAIL_ALLOWED_ORIGINS=*")
	for _, want := range []string{"begin it with ^", "FANTAIL_ALLOWED_ORIGINS instead of *"} {
		if !strings.Contains(r.Text(), want) {
			t.Errorf("no warning %q in %s", want, r.Text())
		}
	}
	r = servetest.Start(t, "FANTAIL_SOURCE_URL="+url, "FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=^chat")
	if strings.Contains(r.Text(), "UPLINK") {
		t.Errorf("warns without need: %s", r.Text())
	}
}

// TestUplinkJudge has a client that is not ours talk through the relay, in
// fragments and compressed if the relay wants that.
func TestUplinkJudge(t *testing.T) {
	parallel(t)
	if out, err := exec.Command("node", "-e", "require('ws')").CombinedOutput(); err != nil {
		skiptest.Skip(t, "REQUIRE_JUDGES", judges()[0].need(), "what ws of Node sends through the uplink (%v %s)", err, tail(string(out), 200))
	}
	_, url := startChatServer(t, 0)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL="+url, "FANTAIL_UPLINK=forward", "FANTAIL_UPLINK_ALLOW=^say ", "FANTAIL_UPLINK_RATE=100")
	peertest.Eventually(t, "the source is connected", func() bool { return r.Metric("fantail_feed_connected") == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 2*peertest.Patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", filepath.Join("testdata", "judges", "judge_uplink.cjs"), "ws://"+r.Addr+"/ws").CombinedOutput()
	var said struct {
		Extensions    string
		Heard, Code   int
		Wrong, Reason string
	}
	if err != nil || json.Unmarshal(out, &said) != nil || said.Heard != 5 || said.Wrong != "" || said.Code != 1008 || said.Reason != "uplink" {
		t.Errorf("it says %s (%v)", out, err)
	}
	t.Logf("agreed on the extensions %q", said.Extensions)
}
