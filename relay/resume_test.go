package relay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/peertest"
)

// Clients are cut again and again while the feed runs, and resume after the last
// message that they have. They get every message once. FULL=1 makes them 300, cut 100
// times each.
func TestResumingClientsGetEverythingOnce(t *testing.T) {
	clients, cuts := 60, 10
	if os.Getenv("FULL") != "" {
		clients, cuts = 300, 100
	}
	_, h, addr := newTestRelay(t, hub.Config{}, Config{})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var end atomic.Int64 // the last message of all, once it is known
	var cutting, reading sync.WaitGroup
	for i := range clients {
		r := &resumer{h: h, addr: addr, sse: i%2 == 0, rnd: rand.New(rand.NewPCG(seed, uint64(i))), at: h.Position(0).String()}
		cutting.Add(1)
		reading.Go(func() { // ends when it has everything, or after an error
			err := r.live(cuts)
			cutting.Done()
			for err == nil && (end.Load() == 0 || r.seq < int(end.Load())) {
				err = r.session(1 + r.rnd.IntN(50))
			}
			if err != nil {
				t.Errorf("client %d (SSE %v) at %s: %v", i, r.sse, r.at, err)
			}
		})
	}
	done := make(chan struct{})
	go func() { cutting.Wait(); close(done) }() // ends with the cutting
	n := publishUntil(h, 2*time.Millisecond, done)
	publishJSON(h, n+1, n+100) // clients that are behind have something to read
	end.Store(int64(n + 50))
	reading.Wait()
	t.Logf("%d messages", n)
}

// publishUntil publishes numbered messages at a pace, and returns how many.
func publishUntil(h *hub.Hub, every time.Duration, done <-chan struct{}) (n int) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n++
			publishJSON(h, n, n)
		case <-done:
			return n
		}
	}
}

// resumer is a client that knows where it is.
type resumer struct {
	h    *hub.Hub
	addr string
	sse  bool
	rnd  *rand.Rand
	at   string // position after the last message
	seq  int    // its number
}

// live goes through sessions of a few messages each.
func (r *resumer) live(sessions int) error {
	for range sessions {
		if err := r.session(r.rnd.IntN(20)); err != nil {
			return err
		}
	}
	return nil
}

// session connects, takes n messages, and cuts the connection while
// more may be on its way.
func (r *resumer) session(n int) error {
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	c.(*net.TCPConn).SetLinger(0) // or 30,000 connections stay in TIME_WAIT
	c.SetDeadline(time.Now().Add(peertest.Patience))
	next, err := r.open(c)
	for n > 0 && err == nil {
		var e line
		if e, err = next(); err == nil && e.Notice == "" {
			n--
			err = r.take(e)
		} else if e.Notice == "gap" || e.Notice == "close" {
			err = fmt.Errorf("notice %+v", e)
		}
	}
	return err
}

// take accepts nothing but the message after the last one.
func (r *resumer) take(e line) error {
	var data struct{ N int }
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return err
	}
	if data.N != r.seq+1 || e.Pos != r.h.Position(uint64(data.N)).String() {
		return fmt.Errorf("message %d at %s behind message %d", data.N, e.Pos, r.seq)
	}
	r.seq, r.at = data.N, e.Pos
	return nil
}

// open asks for everything after the position, and returns what reads it.
func (r *resumer) open(c net.Conn) (next func() (line, error), err error) {
	request := "GET /sse HTTP/1.1\r\nHost: x\r\nLast-Event-ID: " + r.at + "\r\n\r\n"
	if !r.sse {
		request = "GET /ws?since=" + r.at + " HTTP/1.1\r\nHost: x\r\n" + handshake + "Sec-WebSocket-Protocol: fantail.v1\r\n\r\n"
	}
	if _, err = io.WriteString(c, request); err != nil {
		return nil, err
	}
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusSwitchingProtocols:
		return func() (line, error) { return nextEnvelope(in) }, nil
	case resp.StatusCode == http.StatusOK:
		events := textproto.NewReader(bufio.NewReader(resp.Body))
		return func() (line, error) { return nextEvent(events) }, nil
	}
	return nil, errors.New(resp.Status)
}

func nextEnvelope(in *bufio.Reader) (l line, err error) {
	op, payload, err := (&peer{r: in}).frame()
	if err == nil && op != 1 {
		err = fmt.Errorf("opcode %d, %q", op, payload)
	}
	if err == nil {
		err = json.Unmarshal(payload, &l)
	}
	return l, err
}

// nextEvent reads an event of single lines.
func nextEvent(in *textproto.Reader) (l line, err error) {
	var stream bytes.Buffer
	for {
		var text string
		if text, err = in.ReadLine(); err != nil {
			return l, err
		}
		stream.WriteString(text + "\n")
		if text == "" {
			break
		}
	}
	events := parseEvents(stream.String())
	if len(events) != 1 {
		return l, fmt.Errorf("%d events in %q", len(events), stream.String())
	}
	if e := events[0]; e.kind == "notice" {
		err = json.Unmarshal([]byte(e.data), &l)
	} else {
		l = line{Pos: e.id, Data: json.RawMessage(e.data)}
	}
	return l, err
}

// S7: an SSE client that stops reading is evicted. When it comes back where it was, it
// goes on in order. If it comes back too late, it is told what it lost.
func TestS7StalledEventSource(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"in time": false, "too late": true} {
		t.Run(name, func(t *testing.T) {
			_, h, addr := newTestRelay(t, hub.Config{Ring: hub.RingSize{Messages: 300}, Queue: hub.Bounds{Messages: 50}}, Config{Sockets: Sockets{UnsentLimit: 4096}})
			c := dialTCP(t, addr)
			c.(*net.TCPConn).SetReadBuffer(4096)
			c.SetDeadline(time.Now().Add(2 * peertest.Patience))
			r := &resumer{h: h, addr: addr, sse: true, at: h.Position(0).String()}
			next, err := r.open(c)
			if err != nil {
				t.Fatal(err)
			}
			n, big := 0, strings.Repeat("x", 2_000)
			say := func() {
				n++
				h.Publish(hub.Input{Payload: fmt.Appendf(nil, `{"n":%d,"x":"%s"}`, n, big)})
			}
			stuck := func() bool { return h.Stats().Drainers == 1 }
			for !stuck() { // one by one, so that no busy machine makes it slow before
				say()
				peertest.Eventually(t, "written, or stuck", func() bool { return h.Stats().Deliveries == uint64(n) || stuck() })
			}
			say()
			say()
			peertest.Eventually(t, "seen by a sweep, near its bounds", func() bool { return h.Stats().DeepestQueue > 0 })
			for range 100 {
				say()
			}
			peertest.Eventually(t, "evicted", func() bool { return h.Stats().Leaves[hub.Slow] == 1 })
			for err == nil { // what its socket still holds, up to the cut
				var e line
				if e, err = next(); err == nil && e.Notice == "" {
					if bad := r.take(e); bad != nil {
						t.Fatal(bad)
					}
				}
			}
			for late && n < r.seq+400 {
				say()
			}
			c = dialTCP(t, addr)
			c.SetDeadline(time.Now().Add(20 * time.Second))
			if next, err = r.open(c); err != nil {
				t.Fatal(err)
			}
			for r.seq < n {
				e, err := next()
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case e.Notice == "gap" && late:
					r.seq += int(*e.Missed)
					late = false
				case e.Notice == "":
					err = r.take(e)
				case e.Notice != "hello":
					err = fmt.Errorf("notice %+v", e)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if late {
				t.Error("no gap was told")
			}
		})
	}
}
