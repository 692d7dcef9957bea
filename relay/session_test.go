package relay

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/peertest"
)

// What a client sends wrong is answered with the right code, counted under its
// reason, and does not touch the client beside it.
func TestProtocolViolations(t *testing.T) {
	cases := []struct {
		name   string
		send   []byte
		code   uint16
		reason hub.Reason
	}{
		{"F2 control frame over 125 bytes", peertest.ClientFrame(0x89, strings.Repeat("x", 126)), 1002, hub.Protocol},
		{"F2 fragmented control frame", peertest.ClientFrame(0x09, "x"), 1002, hub.Protocol},
		{"F2 reserved bit", peertest.ClientFrame(0x80|0x40|1, "x"), 1002, hub.Protocol},
		{"F2 opcode 3", peertest.ClientFrame(0x83, "x"), 1002, hub.Protocol},
		{"F2 close of one byte", peertest.ClientFrame(0x88, "x"), 1002, hub.Protocol},
		{"F2 close with code 1005", peertest.ClientFrame(0x88, "\x03\xED"), 1002, hub.Protocol},
		{"F7 unmasked frame", []byte{0x81, 1, 'x'}, 1002, hub.Protocol},
		{"F1 length 2^64-1", append([]byte{0x82, 0xFF}, bytes.Repeat([]byte{0xFF}, 12)...), 1002, hub.Protocol},
		{"F1 length 65 GB", append([]byte{0x82, 0xFF, 0, 0, 0, 16}, bytes.Repeat([]byte{0}, 8)...), 1008, hub.Uplink},
		{"continuation out of nowhere", peertest.ClientFrame(0x80, "x"), 1002, hub.Protocol},
		{"F8 a message while the uplink is off", peertest.ClientFrame(0x81, "x"), 1008, hub.Uplink},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // each waits for its peer's answer
			_, h, addr := newTestRelay(t, hub.Config{}, Config{})
			healthy, bad := join(t, addr, "/ws"), join(t, addr, "/ws")
			peertest.Eventually(t, "joined", func() bool { return h.Clients() == 2 })
			bad.raw(c.send)
			reason := bad.wantClose(c.code)
			if want := c.reason.String() + "; resume=" + h.At(h.Live()).String(); reason != want {
				t.Errorf("closed with %q, want %q", reason, want)
			}
			peertest.Eventually(t, "counted", func() bool { return h.Stats().Leaves[c.reason] == 1 })
			h.Publish(hub.Input{Payload: []byte("hello")})
			healthy.want(1, "hello")
		})
	}
}

// With the uplink on ignore, messages are read and dropped, bounded all the same.
func TestUplinkIgnore(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{Uplink: Uplink{Mode: UplinkIgnore, MaxMessage: 1000}})
	p := join(t, addr, "/ws")
	p.send(1, strings.Repeat("x", 1000))
	p.raw(peertest.ClientFrame(0x01, "frag"))
	p.raw(peertest.ClientFrame(0x80, "mented"))
	p.send(9, "still there?")
	p.want(10, "still there?")
	p.send(2, strings.Repeat("x", 1002))
	p.wantClose(1009)
	peertest.Eventually(t, "counted", func() bool { return h.Stats().Leaves[hub.TooLarge] == 1 })
}

// F4: an unsolicited pong is legal (RFC 6455 section 5.5.3).
func TestF4UnsolicitedPongs(t *testing.T) {
	_, _, addr := newTestRelay(t, hub.Config{}, Config{})
	p := join(t, addr, "/ws")
	for range 100 {
		p.send(10, "unasked")
	}
	p.send(9, "ping")
	p.want(10, "ping")
}

// F5: empty fragments pass every limit on size; the byte budget stops them.
func TestF5FragmentFlood(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{Uplink: Uplink{Mode: UplinkIgnore, MaxMessage: 1000}})
	p := join(t, addr, "/ws")
	p.raw(peertest.ClientFrame(0x01, ""))
	fragments := bytes.Repeat(peertest.ClientFrame(0x00, ""), 1000)
	for range 200 {
		if _, err := p.conn.Write(fragments); err != nil {
			break
		}
	}
	peertest.Eventually(t, "closed as a flood", func() bool { return h.Stats().Leaves[hub.Flood] == 1 })
}

// The peer's close is answered with its own code, and the connection ends.
func TestCloseHandshakeByThePeer(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{})
	p := join(t, addr, "/ws")
	p.send(8, "\x03\xE8bye")
	p.want(8, "\x03\xE8bye")
	if _, _, err := p.frame(); err == nil {
		t.Error("a frame behind the close frame")
	}
	peertest.Eventually(t, "left", func() bool { return h.Stats().Leaves[hub.Left] == 1 && h.Clients() == 0 })
}

// A peer that does not answer the close frame is cut off after a second, and
// what it sends meanwhile is thrown away; at once if that is too much.
func TestLingerIsBounded(t *testing.T) {
	for name, tt := range map[string]struct {
		every       time.Duration // between two kilobytes
		least, most time.Duration
	}{"a little": {10 * time.Millisecond, 900 * time.Millisecond, 1200 * time.Millisecond}, "too much": {100 * time.Microsecond, 0, 100 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := pipedSession(t, hub.Config{})
				go s.run()                  // ended by the relay
				go p.drink()                // ends with the connection
				p.raw([]byte{0x81, 1, 'x'}) // unmasked
				began := time.Now()
				for err := error(nil); err == nil; time.Sleep(tt.every) {
					_, err = p.conn.Write(make([]byte, 1024))
				}
				if took := time.Since(began); took < tt.least || took > tt.most {
					t.Errorf("the connection lingered for %v", took)
				}
			})
		})
	}
}

// pipedSession is a session in a bubble, and its client.
func pipedSession(t *testing.T, c hub.Config) (testSession, *peer) {
	t.Helper()
	h := NewHub(c)
	t.Cleanup(func() { h.Close() })
	r, err := New(Config{Hub: h, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	s, p := r.piped(t)
	return s, p
}

// piped makes one end of a pipe a session, and the other its client.
func (r *Relay) piped(t *testing.T) (testSession, *peer) {
	t.Helper()
	ours, theirs := net.Pipe()
	return newTestSession(t, r, ours, false), &peer{t: t, conn: theirs, r: bufio.NewReader(theirs)}
}

// A drain tells each client its position, after everything that it still had to get.
func TestDrainOnTheWire(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{}, Config{})
	p := join(t, addr, "/ws")
	peertest.Eventually(t, "joined", func() bool { return h.Clients() == 1 })
	publish(h, 0, 50, 100)
	go h.Drain(t.Context(), time.Second)
	for i := range 50 {
		p.want(1, numbered(i, 100))
	}
	if reason := p.wantClose(1001); reason != "draining; resume="+h.At(h.Live()).String() {
		t.Errorf("closed with %q", reason)
	}
}

// Silence is asked about by a ping; a pong keeps the client, none reaps it.
func TestPingAndSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, answers := pipedSession(t, hub.Config{Liveness: hub.Liveness{PingInterval: 30 * time.Second, PongTimeout: 10 * time.Second}})
		mute, silent := s.relay.piped(t)
		h := s.relay.hub
		go s.run()    // ended by the hub
		go mute.run() // ended by the peer's answer to the close frame
		ended := make(chan struct{})
		go func() { // ended by closing the connection
			defer close(ended)
			for range 4 {
				answers.want(9, "")
				answers.send(10, "")
			}
			answers.conn.Close()
		}()
		began := time.Now()
		silent.want(9, "")
		if reason := silent.wantClose(4408); !strings.HasPrefix(reason, "silent; resume=") {
			t.Errorf("closed with %q", reason)
		}
		if took := time.Since(began); took < 40*time.Second || took > 42*time.Second {
			t.Errorf("closed after %v", took)
		}
		<-ended
		if took := time.Since(began); took < 120*time.Second || took > 121*time.Second {
			t.Errorf("four pings came in %v", took)
		}
		synctest.Wait()
		if l := h.Stats().Leaves; l[hub.Silent] != 1 || l[hub.Left] != 1 {
			t.Errorf("left: %v", l)
		}
	})
}

// A control frame that is not whole within 5 s is a message sent too slowly.
func TestSlowControlFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(hub.Config{})
		defer h.Close()
		r, err := New(Config{Hub: h, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		s := newTestSession(t, r, ours, false)
		go s.run() // ended by the peer's answer to the close frame
		began := time.Now()
		p := &peer{t: t, conn: theirs, r: bufio.NewReader(theirs)}
		p.raw(peertest.ClientFrame(0x89, "ping")[:8])
		if reason := p.wantClose(1008); !strings.HasPrefix(reason, "flood; resume=") {
			t.Errorf("closed with %q", reason)
		}
		if took := time.Since(began); took < 5*time.Second || took > 7*time.Second {
			t.Errorf("closed after %v", took)
		}
		if n := h.Stats().Leaves[hub.Flood]; n != 1 {
			t.Errorf("%d floods counted", n)
		}
	})
}
