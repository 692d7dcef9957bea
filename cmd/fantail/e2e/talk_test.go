//go:build unix

package e2e

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

// chat is a source that sends each message it gets to all its subscribers, and
// numbered ticks between them if it is to.
type chat struct {
	t     testing.TB
	mu    sync.Mutex
	conns map[*websocket.Conn]bool // guarded by mu, which is held while all are sent to
	got   []string                 // guarded by mu
}

// startChatServer serves a chat and returns the URL of its feed.
func startChatServer(t testing.TB, tick time.Duration) (*chat, string) {
	c := &chat{t: t, conns: map[*websocket.Conn]bool{}}
	srv := httptest.NewServer(http.HandlerFunc(c.serve))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // ended by stop
		defer close(stopped)
		c.tick(tick, stop)
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		c.hangUp()
		srv.Close()
	})
	return c, strings.Replace(srv.URL, "http", "ws", 1)
}

func (c *chat) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, websocket.AcceptOptions{})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	c.mu.Lock()
	c.conns[conn] = true
	c.mu.Unlock()
	for {
		_, r, err := conn.Reader(context.Background())
		if err != nil {
			c.mu.Lock()
			delete(c.conns, conn)
			c.mu.Unlock()
			return
		}
		text, _ := io.ReadAll(r)
		c.broadcast(string(text), true)
	}
}

func (c *chat) broadcast(text string, said bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if said {
		c.got = append(c.got, text)
	}
	for conn := range c.conns {
		conn.Write(context.Background(), hub.Text, []byte(text)) // its reader notices the end
	}
}

func (c *chat) tick(every time.Duration, stop <-chan struct{}) {
	if every == 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-ticker.C:
			c.broadcast(fmt.Sprintf("tick %d %d", n, time.Now().UnixNano()), false)
		}
	}
}

func (c *chat) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		conn.CloseNow()
	}
}

func (c *chat) said() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.got...)
}

// say sends a short text message.
func (s *subscriber) say(text string) { s.answer(1, []byte(text)) }

// converse says numbered messages and hands on everything that it hears, until hear wants
// no more. Only a few of its own are under way at a time, because the relay refuses a
// message that would wait too long for its turn.
func (s *subscriber) converse(speaker, messages int, hear func(text string) (more bool)) error {
	s.conn.SetDeadline(time.Now().Add(2 * peertest.Patience))
	mine, said := fmt.Sprintf("say %d ", speaker), 0
	say := func() {
		if said < messages {
			s.say(mine + strconv.Itoa(said))
			said++
		}
	}
	for range 4 {
		say()
	}
	for {
		payload, err := s.message()
		if err != nil {
			return fmt.Errorf("speaker %d: %w", speaker, err)
		}
		if strings.HasPrefix(string(payload), mine) {
			say()
		}
		if !hear(string(payload)) {
			return nil
		}
	}
}

// wantEnd reads up to the close frame and returns its code and word.
func (s *subscriber) wantEnd(t testing.TB) (code uint16, word string) {
	t.Helper()
	s.conn.SetReadDeadline(time.Now().Add(peertest.Patience))
	closing, err := s.readAll(nil)
	if len(closing) < 2 {
		t.Fatalf("no close frame: %v", err)
	}
	word, _, _ = strings.Cut(string(closing[2:]), ";")
	return binary.BigEndian.Uint16(closing), word
}
