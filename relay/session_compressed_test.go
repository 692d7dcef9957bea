package relay

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/peertest"
)

// deflated returns a message's compressed payload (RFC 7692 section 7.2.1).
func deflated(message string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	io.WriteString(w, message)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// closeInside is a close frame inside a compressed message.
func closeInside() []byte {
	return append(peertest.ClientFrame(0x41, deflated("begun")), peertest.ClientFrame(0x88, "\x03\xE8bye")...)
}

// compressedSession is a session with compression, and what its client sends.
func compressedSession(t *testing.T, sends []byte) (testSession, *script) {
	t.Helper()
	h := NewHub(hub.Config{})
	t.Cleanup(func() { h.Close() })
	r, err := New(Config{Hub: h, Log: zerolog.Nop(), Uplink: Uplink{Mode: UplinkIgnore, MaxMessage: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	c := newScript(sends)
	return newTestSession(t, r, c, true), c
}

// A compressed message that is whole is read, and one that the end of the
// connection cuts short is not taken for whole.
func TestCompressedMessageCutShort(t *testing.T) {
	whole := peertest.ClientFrame(0xC1, deflated(strings.Repeat("whole ", 50)))
	const header = 6
	for cut := header; cut <= len(whole); cut++ {
		s, _ := compressedSession(t, whole[:cut])
		if err := s.message(); (err == nil) != (cut == len(whole)) {
			t.Errorf("of %d bytes, %d: %v", len(whole), cut, err)
		}
		s.run()
		if why, _ := s.conn.client.Reason(); why != hub.Left {
			t.Errorf("of %d bytes, %d: left as %v", len(whole), cut, why)
		}
	}
}

// A close frame inside a compressed message is legal (RFC 6455 section 5.4): it is
// answered, and the client has left.
func TestCloseInsideCompressedMessage(t *testing.T) {
	s, c := compressedSession(t, closeInside())
	s.run()
	<-c.closed
	if why, _ := s.conn.client.Reason(); why != hub.Left {
		t.Errorf("left as %v", why)
	}
	if answer, want := c.answer(), []byte("\x88\x05\x03\xE8bye"); !bytes.Equal(answer, want) {
		t.Errorf("answered % x, want % x", answer, want)
	}
}

// A compressed message counts by what it inflates to.
func TestCompressedBomb(t *testing.T) {
	before := heap()
	s, c := compressedSession(t, peertest.ClientFrame(0xC2, deflated(strings.Repeat("\x00", 10<<20)))) // 10 KiB of them
	s.run()
	<-c.closed
	if why, _ := s.conn.client.Reason(); why != hub.TooLarge || !bytes.Contains(c.answer(), []byte("\x03\xF1too-large; resume=")) {
		t.Errorf("left as %v, answered %q", why, c.answer())
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// Whole compressed messages that are refused end their connections, and touch no other
// message: after its end nobody reads a message on. -race tells if anybody does.
func TestRefusedCompressedMessages(t *testing.T) {
	source := &upstream{}
	c := source.forwarding("^say")
	c.Delivery.Compression = true
	_, _, addr := newTestRelay(t, hub.Config{}, c)
	const conns, rounds = 8, 6
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() { // ends after its rounds
			for round := range rounds {
				p := dial(t, addr, "/ws", handshake+"Sec-WebSocket-Extensions: permessage-deflate\r\n", "")
				for n := range 3 {
					p.raw(peertest.ClientFrame(0xC1, deflated(compressible("say", i, round, n))))
				}
				p.raw(peertest.ClientFrame(0xC1, deflated(compressible("refused", i, round, 3))))
				p.wantClose(1008)
			}
		})
	}
	wg.Wait()
	got := make(map[string]int)
	for _, m := range source.messages() {
		got[m]++
	}
	for i := range conns * rounds * 3 {
		m := compressible("say", i/3/rounds, i/3%rounds, i%3)
		if got[fmt.Sprint(hub.Text, " ", m)] != 1 {
			t.Errorf("the source got %.30q %d times", m, got[m])
		}
	}
	if len(got) != conns*rounds*3 {
		t.Errorf("the source got %d different messages, want %d", len(got), conns*rounds*3)
	}
}

// compressible is a message that no other has.
func compressible(word string, i, round, n int) string {
	return strings.Repeat(fmt.Sprintf("%s %d %d %d ", word, i, round, n), 300)
}
