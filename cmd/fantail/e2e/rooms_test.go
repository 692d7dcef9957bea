//go:build unix

package e2e

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fantail/hub/peertest"
)

// TestChatOverRestarts: while two relays behind nginx are drained and started again
// in turn, or killed, each client gets every message of its room in order and once.
func TestChatOverRestarts(t *testing.T) {
	parallel(t)
	for name, tt := range map[string]struct {
		signal syscall.Signal
		kinds  []visitorKind
	}{
		"drained": {syscall.SIGTERM, []visitorKind{visitsRaw, visitsByEnvelopes, visitsBySSE}},
		"killed":  {syscall.SIGKILL, []visitorKind{visitsByEnvelopes, visitsBySSE}}, // raw clients would not know where they were
	} {
		t.Run(name, func(t *testing.T) {
			s := startChat(t)
			clients, read := s.chat(scale(20, 200), tt.kinds)
			stop, posted := make(chan struct{}), make(chan int, 1)
			end := sync.OnceFunc(func() { close(stop) })
			defer end()
			go func() { posted <- s.postUntil(stop) }() // ended by stop
			for range scale(2, 5) {
				for _, r := range s.rooms {
					before := r.Metric("fantail_deliveries_total")
					peertest.Eventually(t, "messages reach its clients", func() bool { return r.Metric("fantail_deliveries_total") > before+20*float64(len(clients)) })
					r.restart(tt.signal)
				}
			}
			end()
			messages := <-posted
			read.Wait()
			sessions := 0
			for _, c := range clients {
				sessions += c.sessions
				if !t.Failed() && c.next != messages {
					t.Errorf("%v client of %s has %d of %d messages", c.kind, c.room, c.next-1, messages-1)
				}
			}
			t.Logf("%d clients got %d messages of each room over %d connections", len(clients), messages-1, sessions)
		})
	}
}

var chatRooms = []string{"lobby", "kitchen"}

// chat lets n clients of each kind in, and returns them once they are there. They
// read until they have the last message.
func (s *chatSite) chat(n int, kinds []visitorKind) (clients []*visitor, read *sync.WaitGroup) {
	read = new(sync.WaitGroup)
	for i := range n * len(kinds) {
		c := &visitor{site: s, kind: kinds[i%len(kinds)], room: chatRooms[i/len(kinds)%len(chatRooms)], next: 1}
		clients = append(clients, c)
		read.Go(func() { // ends with the last message, or an error
			if err := c.read(); err != nil {
				s.t.Error(err)
			}
		})
	}
	peertest.Eventually(s.t, "all clients are there", func() bool {
		return s.rooms[0].Metric("fantail_client_joins_total")+s.rooms[1].Metric("fantail_client_joins_total") >= float64(len(clients))
	})
	return clients, read
}

// postUntil posts numbered messages to every room until stop is closed, and then
// each room's last. It returns the number that would have been next.
func (s *chatSite) postUntil(stop chan struct{}) (n int) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n = 1; ; n++ {
		text := strconv.Itoa(n)
		select {
		case <-stop:
			text = "end"
		case <-tick.C:
		}
		for _, room := range chatRooms {
			s.post(room, text)
		}
		if text == "end" {
			return n
		}
	}
}

// TestChatPrivately: through nginx a user gets the messages of the user's own
// channel, on any connection, and nobody gets another's, by no request.
func TestChatPrivately(t *testing.T) {
	parallel(t)
	s := startChat(t)
	as := func(user, password string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)) + "\r\n"
	}
	visit := func(path, lines string) *subscriber {
		t.Helper()
		c, err := openSubscriberWith(s.addr, path, lines, 8<<10)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.conn.Close() })
		return c
	}
	alice := []*subscriber{visit("/private/ws", as("alice", "wonderland")), visit("/private/ws", as("alice", "wonderland"))}
	bob := visit("/private/ws", as("bob", "builder"))
	private := &privateChannels{t: t, client: s.redis}
	peertest.Eventually(t, "one relay listens for each", func() bool { return private.present("alice") == 1 && private.present("bob") == 1 })
	for user, text := range map[string]string{"alice": "for alice", "bob": "for bob"} {
		private.publish(user, text)
	}
	for _, c := range alice {
		c.mustGet(t, "for alice")
	}
	bob.mustGet(t, "for bob")
	for _, tt := range []struct{ path, lines, status string }{
		{"/private/ws", "", "401"},
		{"/private/ws", as("alice", "builder"), "401"},
		{"/private/ws?key=bob", as("alice", "wonderland"), "400"},
		{"/private/ws?since=aaaaaaaa-1&key=bob", as("alice", "wonderland"), "400"},
		{"/private/ws?%6bey=bob", as("alice", "wonderland"), "400"},
		{"/private/ws?since=aaaaaaaa-1%26key=bob", as("alice", "wonderland"), "400"},
		{"/private/metrics", as("alice", "wonderland"), "404"},
		{"/rooms/push", "", "404"},
		{"/rooms/ws", "", "400"}, // which room?
		{"/rooms/ws?key=lobby", "Origin: http://elsewhere.example\r\n", "403"},
	} {
		if c, err := openSubscriberWith(s.addr, tt.path, tt.lines, 1<<10); err == nil {
			c.conn.Close()
			t.Errorf("%s was let in", tt.path)
		} else if !strings.Contains(err.Error(), tt.status) {
			t.Errorf("%s: %v, want %s", tt.path, err, tt.status)
		}
	}
	visit("/rooms/ws?key=lobby", "Origin: http://"+s.addr+"\r\n").conn.Close() // the page's own
	for _, c := range append(alice, bob) {
		c.conn.Close()
	}
	peertest.Eventually(t, "nobody is listened for", func() bool { return private.listened() == 0 })
}

// TestChatPage: the example's page shows a room, as text, goes on over a restart
// of its relay, and enters another.
func TestChatPage(t *testing.T) {
	b, s := openBrowser(t), startChat(t)
	shown := func(want ...string) {
		t.Helper()
		peertest.Eventually(t, fmt.Sprintf("the page shows %q", want), func() bool {
			return slices.Equal(ask[[]string](b, "texts", "selector", "li"), want)
		})
	}
	say := func(room, text string) { s.add("room", room, "user", "alice", "text", text) }
	say("parlour", "before")
	b.do("open", "url", "http://"+s.addr+"/")
	b.do("fill", "selector", "#room", "value", "parlour")
	b.do("click", "selector", "#enter")
	shown("alice: before")
	say("parlour", "<img src=x onerror=alert(1)>")
	shown("alice: <img src=x onerror=alert(1)>", "alice: before")
	for _, r := range s.rooms {
		r.restart(syscall.SIGTERM)
	}
	say("parlour", "after")
	shown("alice: after", "alice: <img src=x onerror=alert(1)>", "alice: before")
	b.do("fill", "selector", "#room", "value", "attic")
	b.do("click", "selector", "#enter")
	shown()
	say("attic", "up here")
	shown("alice: up here")
	b.noFaults("in the chat")
}
