package relay

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
)

func TestClientLimiter(t *testing.T) {
	s := newClientLimiter(3, 2)
	a, b, c := netip.MustParsePrefix("203.0.113.1/32"), netip.MustParsePrefix("203.0.113.2/32"), netip.MustParsePrefix("203.0.113.3/32")
	steps := []struct {
		from netip.Prefix
		why  refusalReason
		ok   bool
	}{{a, 0, true}, {a, 0, true}, {a, refusedPerIP, false}, {b, 0, true}, {b, refusedFull, false}, {c, refusedFull, false}, {a, refusedPerIP, false}}
	for i, st := range steps {
		if why, ok := s.take(st.from); ok != st.ok || !ok && why != st.why {
			t.Errorf("step %d: %v %v, want %v %v", i, why, ok, st.why, st.ok)
		}
	}
	s.leave(a)
	s.leave(a)
	s.leave(b)
	if s.taken != 0 || len(s.perIP) != 0 {
		t.Errorf("when all have left, %d seats are taken and %d addresses known", s.taken, len(s.perIP))
	}
	free := newClientLimiter(0, 0)
	for range 10 {
		if _, ok := free.take(a); !ok {
			t.Fatal("no limit, but refused")
		}
	}
}

// The limiter lets a rate through, keeps a second's worth waiting in order,
// and refuses the rest at once.
func TestHandshakeLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newHandshakeLimiter(100) // 10 at once
		var passed, refused atomic.Int64
		var wg sync.WaitGroup
		began := time.Now()
		for range 500 {
			wg.Go(func() {
				if turns.pass(t.Context()) {
					passed.Add(1)
				} else if refused.Add(1); time.Since(began) > 0 {
					t.Error("a refusal took time")
				}
			})
		}
		wg.Wait()
		if p := passed.Load(); p != 110 {
			t.Errorf("%d passed, want the burst and a second's worth: 110", p)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("the last waited %v", took)
		}
	})
}

// A handshake that gives up while it waits gives its turn back.
func TestHandshakeLimiterGivesTurnsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newHandshakeLimiter(1)
		ctx, cancel := context.WithCancel(t.Context())
		turns.pass(ctx)
		go func() {
			time.Sleep(100 * time.Millisecond)
			cancel()
		}()
		if turns.pass(ctx) {
			t.Error("passed although it gave up")
		}
		if !turns.pass(t.Context()) {
			t.Error("the turn was lost")
		}
	})
}

// knocking sends handshakes beside a healthy client.
type knocking struct {
	t     *testing.T
	relay *Relay
	hub   *hub.Hub
	addr  string
}

func startKnocking(t *testing.T, c Config) *knocking {
	t.Helper()
	k := &knocking{t: t}
	k.relay, k.hub, k.addr = newTestRelay(t, flatHub, c)
	w := watchHealthy(t, k.hub, k.addr, 200, 5*time.Millisecond)
	t.Cleanup(w.check) // when all that knocked have hung up, and before the relay ends
	return k
}

// knock sends a handshake with some lines more.
func (k *knocking) knock(lines string) *peer { return dial(k.t, k.addr, "/ws", handshake+lines, "") }

// wantRefused checks a refusal: its status, a Retry-After that spreads, and a
// sentence with a word of it.
func (p *peer) wantRefused(status int, word string) {
	p.t.Helper()
	retry := p.header.Get("Retry-After")
	if n, err := strconv.Atoi(retry); p.status != status || err != nil || n < 1 || n > retrySeconds || !strings.Contains(p.body, word) {
		p.t.Errorf("got %d, Retry-After %q, %q; want %d and a sentence with %q", p.status, retry, p.body, status, word)
	}
}

// H6: clients over the limit of their address, or IPv6 /64, are refused and
// counted; a seat is free again when its client has left.
func TestH6PerIP(t *testing.T) {
	k := startKnocking(t, Config{Limits: Limits{ClientsPerIP: 2}, Access: Access{TrustedProxies: []string{"127.0.0.1"}}})
	from := func(ip string) *peer { return k.knock("X-Forwarded-For: " + ip + "\r\n") }
	first := from("203.0.113.5")
	from("203.0.113.5")
	from("203.0.113.5").wantRefused(429, "address")
	for i, ip := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3"} { // one /64
		if p := from(ip); (p.status == 101) != (i < 2) {
			t.Errorf("%s: %d", ip, p.status)
		}
	}
	if p := from("203.0.113.6"); p.status != 101 {
		t.Errorf("another address: %d", p.status)
	}
	if n := k.relay.refusals[refusedPerIP].Load(); n != 2 {
		t.Errorf("%d refusals counted, want 2", n)
	}
	first.conn.Close()
	peertest.Eventually(t, "the client has left", func() bool { return k.hub.Clients() == 5 }) // the healthy one among them
	peertest.Eventually(t, "its seat is free", func() bool { return from("203.0.113.5").status == 101 })
}

// H6: clients over the limit of all are refused and counted; a seat is free again
// when its client has left.
func TestH6Full(t *testing.T) {
	k := startKnocking(t, Config{Limits: Limits{Clients: 3}})
	first := k.knock("")
	k.knock("")
	for range 2 {
		k.knock("").wantRefused(503, "as many clients")
	}
	if n := k.relay.refusals[refusedFull].Load(); n != 2 {
		t.Errorf("%d refusals counted, want 2", n)
	}
	first.conn.Close()
	peertest.Eventually(t, "its seat is free", func() bool { return k.knock("").status == 101 })
}

// H6: if handshakes come all at once, those over the rate are refused and counted, and
// the others wait for their turn.
func TestH6Rate(t *testing.T) {
	k := startKnocking(t, Config{Limits: Limits{HandshakeRate: 2}})
	began, passed, refused := time.Now(), 0, uint64(0)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			p := k.knock("")
			mu.Lock()
			defer mu.Unlock()
			if p.status == 101 {
				passed++
				return
			}
			refused++
			p.wantRefused(503, "handshakes")
		})
	}
	wg.Wait()
	// At most a burst of one, what the time it took is worth, and the second's worth
	// that may wait.
	took := time.Since(began)
	if n := k.relay.refusals[refusedRate].Load(); float64(passed) > 1+2*(took.Seconds()+1) || refused == 0 || n != refused {
		t.Errorf("%d of 20 handshakes passed in %v at a rate of 2; %d were refused, %d counted", passed, took, refused, n)
	}
}

// A connection that has grown old is told so, with its position.
func TestMaxAge(t *testing.T) {
	_, h, addr := newTestRelay(t, hub.Config{MaxAge: 300 * time.Millisecond}, Config{})
	publish(h, 0, 3, 10)
	p := join(t, addr, "/ws?last=3")
	for i := range 3 {
		p.want(1, numbered(i, 10))
	}
	if reason := p.wantClose(1012); reason != "max-age; resume="+h.At(h.Live()).String() {
		t.Errorf("closed with %q", reason)
	}
}

// A flood of refused handshakes takes no turn from those that wait: the rate is kept
// whatever comes.
func TestHandshakeLimiterUnderAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newHandshakeLimiter(100) // 10 at once
		var passed, refused atomic.Int64
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 150 {
			wg.Go(func() { // ends with ctx
				for knocks := 1; ctx.Err() == nil; knocks++ {
					if turns.pass(ctx) {
						passed.Add(1)
					} else if refused.Add(1); knocks%5 == 0 {
						time.Sleep(20 * time.Millisecond)
					}
				}
			})
		}
		wg.Wait()
		// The burst and three seconds' worth; those that still waited gave up.
		if p := passed.Load(); p < 309 || p > 311 || refused.Load() < 10_000 {
			t.Errorf("%d passed in 3 s at 100 a second, beside %d refusals", p, refused.Load())
		}
	})
}
