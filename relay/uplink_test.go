package relay

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/peertest"
)

// upstream is a source that keeps what it is sent.
type upstream struct {
	mu  sync.Mutex
	got []string // kind and payload
	err error    // what forward returns
}

func (u *upstream) forward(kind hub.Kind, payload []byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err == nil {
		u.got = append(u.got, fmt.Sprint(kind, " ", string(payload)))
	}
	return u.err
}

func (u *upstream) messages() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]string(nil), u.got...)
}

// forwarding is the uplink's part of a Config.
func (u *upstream) forwarding(allow string) Config {
	return Config{Uplink: Uplink{Mode: UplinkForward, Forward: u.forward, Allow: regexp.MustCompile(allow)}}
}

// TestUplinkForward has one row for each thing that may become of messages.
func TestUplinkForward(t *testing.T) {
	large := "say" + strings.Repeat("x", 64<<10-3)
	say := peertest.ClientFrame(0x81, "say hi")
	text, binary := fmt.Sprint(hub.Text, " "), fmt.Sprint(hub.Binary, " ")
	for _, c := range []struct {
		name   string
		send   [][]byte
		got    []string // what the source gets
		code   uint16   // of the close frame; 0 = the client stays
		reason hub.Reason
		err    error // of the source
	}{
		{name: "text", send: [][]byte{say}, got: []string{text + "say hi"}},
		{name: "binary", send: [][]byte{peertest.ClientFrame(0x82, "say \xff\x00")}, got: []string{binary + "say \xff\x00"}},
		{name: "fragments with a ping between them", send: [][]byte{peertest.ClientFrame(0x01, "sa"), peertest.ClientFrame(0x89, ""), peertest.ClientFrame(0x00, ""), peertest.ClientFrame(0x80, "y é")}, got: []string{text + "say é"}},
		{name: "a character over two fragments", send: [][]byte{peertest.ClientFrame(0x01, "say \xc3"), peertest.ClientFrame(0x80, "\xa9")}, got: []string{text + "say é"}},
		{name: "several", send: [][]byte{say, peertest.ClientFrame(0x81, "say 2"), peertest.ClientFrame(0x81, "say 3")}, got: []string{text + "say hi", text + "say 2", text + "say 3"}},
		{name: "as long as may be", send: [][]byte{peertest.ClientFrame(0x82, large)}, got: []string{binary + large}},
		{name: "a byte longer", send: [][]byte{peertest.ClientFrame(0x82, large+"x"), say}, code: 1009, reason: hub.TooLarge},
		{name: "much longer", send: [][]byte{peertest.ClientFrame(0x82, large+large)[:70<<10]}, code: 1009, reason: hub.TooLarge},
		{name: "longer in fragments", send: [][]byte{peertest.ClientFrame(0x02, large), peertest.ClientFrame(0x80, "x"), say}, code: 1009, reason: hub.TooLarge},
		{name: "not allowed", send: [][]byte{peertest.ClientFrame(0x81, `{"op":"unsubscribe"}`), say}, code: 1008, reason: hub.Uplink},
		{name: "not allowed behind one that is", send: [][]byte{say, peertest.ClientFrame(0x82, "x"), say}, got: []string{text + "say hi"}, code: 1008, reason: hub.Uplink},
		{name: "empty", send: [][]byte{peertest.ClientFrame(0x81, "")}, code: 1008, reason: hub.Uplink},
		{name: "not UTF-8", send: [][]byte{peertest.ClientFrame(0x81, "say \xff"), say}, code: 1007, reason: hub.NotUTF8},
		{name: "half a character", send: [][]byte{peertest.ClientFrame(0x81, "say \xc3")}, code: 1007, reason: hub.NotUTF8},
		{name: "the source is away", send: [][]byte{say, say}, err: errors.New("away"), code: 1013, reason: hub.Busy},
		{name: "over the rate", send: [][]byte{say, say, say, say}, got: []string{text + "say hi", text + "say hi", text + "say hi"}, code: 1008, reason: hub.Flood},
	} {
		for _, format := range []string{"", fantailv1.Subprotocol} {
			t.Run(c.name+" "+format, func(t *testing.T) {
				t.Parallel() // some wait for the end of their connection
				source := &upstream{err: c.err}
				cfg := source.forwarding("^say")
				cfg.Uplink.Rate, cfg.Uplink.Burst = 1e-9, 3
				r, h, addr := newTestRelay(t, hub.Config{}, cfg)
				lines := ""
				if format != "" {
					lines = "Sec-WebSocket-Protocol: " + format + "\r\n"
				}
				p := dial(t, addr, "/ws", handshake+lines, "")
				for _, frame := range c.send {
					p.raw(frame)
				}
				if c.code != 0 {
					if reason := p.wantClose(c.code); !strings.HasPrefix(reason, c.reason.String()+"; resume=") {
						t.Errorf("closed with %q", reason)
					}
					peertest.Eventually(t, "counted", func() bool { return h.Stats().Leaves[c.reason] == 1 })
					if n := r.uplink.rejected[c.reason].Load(); n != 1 {
						t.Errorf("%d messages counted as %v", n, c.reason)
					}
				}
				peertest.Eventually(t, "all forwarded", func() bool { return len(source.messages()) >= len(c.got) })
				if got := source.messages(); fmt.Sprint(got) != fmt.Sprint(c.got) {
					t.Errorf("the source got %.200q, want %.200q", got, c.got)
				}
				if c.code == 0 { // and it still listens
					h.Publish(hub.Input{Payload: []byte("[]")})
					p.wantFeed("[]")
				}
				peertest.Eventually(t, "no buffer is held", func() bool { return r.uplink.held.Load() == 0 })
				if n := r.uplink.forwarded.Load(); n != uint64(len(c.got)) {
					t.Errorf("%d counted as forwarded, want %d", n, len(c.got))
				}
			})
		}
	}
}

// wantFeed reads up to a message of the feed.
func (p *peer) wantFeed(message string) {
	p.t.Helper()
	for {
		op, got, err := p.frame()
		if err != nil {
			p.t.Fatal(err)
		}
		if op == 1 && strings.Contains(string(got), message) {
			return
		}
	}
}

func TestUplinkForwardNeedsSettings(t *testing.T) {
	h := NewHub(hub.Config{})
	defer h.Close()
	_, err := New(Config{Hub: h, Uplink: Uplink{Mode: UplinkForward, Rate: -1}})
	for _, want := range []string{"Forward", "Config.Uplink.Allow", "Config.Uplink.Rate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Messages under way of all clients hold a bounded memory: a message that does not fit
// is rejected as busy, and its end frees the memory.
func TestUplinkMemoryIsBounded(t *testing.T) {
	source := new(upstream)
	cfg := source.forwarding("")
	r, _, addr := newTestRelay(t, hub.Config{}, cfg)
	r.uplink.most = 100 << 10
	slow := make([]*peer, 4)
	for i := range slow { // each is in the middle of a message of 20 KiB and holds 16 KiB
		slow[i] = join(t, addr, "/ws")
		slow[i].raw(peertest.ClientFrame(0x02, strings.Repeat("x", 10<<10)))
	}
	peertest.Eventually(t, "all have begun", func() bool { return r.uplink.held.Load() == 4*16<<10 })
	bad := join(t, addr, "/ws")
	bad.raw(peertest.ClientFrame(0x82, strings.Repeat("x", 60<<10)))
	if reason := bad.wantClose(1013); !strings.HasPrefix(reason, "busy; resume=") {
		t.Errorf("closed with %q", reason)
	}
	for _, p := range slow {
		p.raw(peertest.ClientFrame(0x80, "end"))
	}
	peertest.Eventually(t, "all forwarded", func() bool { return len(source.messages()) == len(slow) })
	peertest.Eventually(t, "no buffer is held", func() bool { return r.uplink.held.Load() == 0 })
}

// A message that is begun and not ended holds its buffer for 10 s at most.
func TestUplinkUnfinishedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(hub.Config{})
		defer h.Close()
		cfg := new(upstream).forwarding("")
		cfg.Hub, cfg.Log = h, zerolog.Nop()
		r, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		go newTestSession(t, r, ours, false).run() // ended by the peer's answer to the close frame
		began := time.Now()
		p := &peer{t: t, conn: theirs, r: bufio.NewReader(theirs)}
		p.raw(peertest.ClientFrame(0x01, "half"))
		if reason := p.wantClose(1008); !strings.HasPrefix(reason, "flood; resume=") {
			t.Errorf("closed with %q", reason)
		}
		if took := time.Since(began); took < messageTime || took > messageTime+2*time.Second {
			t.Errorf("closed after %v", took)
		}
		synctest.Wait()
		if held := r.uplink.held.Load(); held != 0 {
			t.Errorf("%d bytes are held", held)
		}
	})
}

// A message that the end of its connection cuts short goes nowhere.
func TestUplinkCutMessage(t *testing.T) {
	for name, sent := range map[string][]byte{
		"in the payload":    peertest.ClientFrame(0x81, "say hello")[:10],
		"behind a fragment": peertest.ClientFrame(0x01, "say"),
		"behind the header": peertest.ClientFrame(0x81, "say hello")[:6],
	} {
		t.Run(name, func(t *testing.T) {
			source := new(upstream)
			_, h, addr := newTestRelay(t, hub.Config{}, source.forwarding(""))
			p := join(t, addr, "/ws")
			p.raw(sent)
			p.conn.Close()
			peertest.Eventually(t, "left", func() bool { return h.Stats().Leaves[hub.Left] == 1 && h.Clients() == 0 })
			if got := source.messages(); len(got) != 0 {
				t.Errorf("the source got %q", got)
			}
		})
	}
}

// A source that keeps its senders waiting costs the feed and the other clients
// nothing.
func TestUplinkHoldsUpNobodyElse(t *testing.T) {
	release := make(chan struct{})
	cfg := new(upstream).forwarding("")
	cfg.Uplink.Forward = func(hub.Kind, []byte) error { <-release; return nil }
	r, h, addr := newTestRelay(t, flatHub, cfg)
	w := watchHealthy(t, h, addr, 200, 5*time.Millisecond)
	var senders []*peer
	for range 20 {
		p := join(t, addr, "/ws")
		p.send(1, "wait")
		p.send(1, "wait too")
		senders = append(senders, p)
	}
	for _, p := range senders { // they get the feed while they wait
		for range 10 {
			if _, _, err := p.frame(); err != nil {
				t.Fatal(err)
			}
		}
		go p.drink() // ended by closing the connection
	}
	close(release)
	peertest.Eventually(t, "all forwarded", func() bool { return r.uplink.forwarded.Load() == 40 })
	for _, p := range senders {
		p.conn.Close()
	}
	peertest.Eventually(t, "gone", func() bool { return h.Clients() == 1 })
	w.check()
}

// An idle client costs what it did without the uplink: its limiter comes with
// its first message, and its session fits the same size class of the allocator.
func TestUplinkIdleSessionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(session{}); strconv.IntSize == 64 && size > 64 {
		t.Errorf("a session has %d bytes, want 64 at most", size)
	}
}

// TestUplinkHammer: a chat of clients through a source that echoes. Every client gets
// every message once, each sender's in order, and no buffer is lost.
func TestUplinkHammer(t *testing.T) {
	const clients, each = 20, 50
	var one sync.Mutex // the hub has one publisher
	var h *hub.Hub
	cfg := new(upstream).forwarding("^[0-9]+ ")
	cfg.Uplink.Forward = func(kind hub.Kind, payload []byte) error {
		one.Lock()
		defer one.Unlock()
		h.Publish(hub.Input{Kind: kind, Payload: payload})
		return nil
	}
	r, h2, addr := newTestRelay(t, hub.Config{}, cfg)
	h = h2
	var wg sync.WaitGroup
	joined := make([]*peer, clients)
	for i := range joined {
		joined[i] = join(t, addr, "/ws")
	}
	peertest.Eventually(t, "all have joined", func() bool { return h.Clients() == clients })
	for i, p := range joined {
		wg.Go(func() { // ends with its last message
			for n := range each {
				pad := strings.Repeat("x", n*n) // up to 2.4 kB
				p.raw(peertest.ClientFrame(0x01, fmt.Sprintf("%d %d ", i, n)))
				p.raw(peertest.ClientFrame(0x80, pad))
			}
		})
		wg.Go(func() { // ends when it has all
			next := make([]int, clients)
			for range clients * each {
				var from, n int
				_, got, err := p.frame()
				if err == nil {
					_, err = fmt.Sscanf(string(got), "%d %d", &from, &n)
				}
				if err != nil || n != next[from] {
					t.Errorf("client %d: got %.20q (%v), want number %d of that sender", i, got, err, next[from])
					return
				}
				next[from]++
			}
		})
	}
	wg.Wait()
	peertest.Eventually(t, "no buffer is held", func() bool { return r.uplink.held.Load() == 0 })
}

// The names of the results are pinned: they are a metric's labels.
func TestUplinkResults(t *testing.T) {
	var words []string
	for _, why := range rejectReasons {
		words = append(words, why.String())
	}
	if got := strings.Join(words, " "); got != "uplink flood too-large not-utf8 busy" {
		t.Error(got)
	}
}
