package ws_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
	"fantail/feed/ws"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/hub/websocket"
)

// fakeRelay holds messages 1 to last of an epoch. It sends them as a relay does, and cuts
// the connection where cut says.
type fakeRelay struct {
	t            *testing.T
	raw          bool // knows no envelopes
	epoch        string
	oldest, last uint64                             // of the messages that it holds
	cut          func(*websocket.Conn, uint64) bool // before a message; true ends the connection

	mu      sync.Mutex   // one connection at a time; guards all below, and what cut changes
	queries []url.Values // of the handshakes
}

func (r *fakeRelay) serve() string {
	srv := httptest.NewServer(r)
	r.t.Cleanup(srv.Close)
	return feedtest.WSURL(srv.URL)
}

func (r *fakeRelay) at(seq uint64) string { return hub.Position{Epoch: r.epoch, Seq: seq}.String() }

func (r *fakeRelay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	query := req.URL.Query()
	r.queries = append(r.queries, query)
	from, gap := uint64(1), ""
	if at, err := hub.ParsePosition(query.Get("since")); err == nil {
		switch {
		case at.Epoch != r.epoch:
			from, gap = r.oldest, fmt.Sprintf(`{"notice":"gap","pos":%q}`, r.at(r.oldest-1))
		case at.Seq+1 < r.oldest:
			from, gap = r.oldest, fmt.Sprintf(`{"notice":"gap","pos":%q,"missed":%d}`, r.at(r.oldest-1), r.oldest-1-at.Seq)
		default:
			from = at.Seq + 1
		}
	}
	w.Header().Set("Fantail-Position", r.at(from-1))
	var o websocket.AcceptOptions
	if !r.raw {
		o.Subprotocols = []string{fantailv1.Subprotocol}
	}
	c, err := websocket.Accept(w, req, o)
	if err != nil {
		return
	}
	defer c.CloseNow()
	if c.Subprotocol() != "" {
		feedtest.Write(c, hub.Text, fmt.Sprintf(`{"notice":"hello","pos":%q}`, r.at(from-1)))
		if gap != "" {
			feedtest.Write(c, hub.Text, gap)
		}
	}
	for seq := from; seq <= r.last; seq++ {
		if r.cut(c, seq) {
			return
		}
		text := fmt.Sprint("message ", seq)
		if c.Subprotocol() != "" {
			text = fmt.Sprintf(`{"pos":%q,"key":"k","time":"2026-01-02T03:04:05Z","data":%q}`, r.at(seq), text)
		}
		if c.Write(req.Context(), hub.Text, []byte(text)) != nil {
			return
		}
	}
	feedtest.Stay(c)
}

// follow opens one connection after the other, as supervision does, until the last message
// has come. It returns what came.
func follow(t *testing.T, d driver.Driver, last string) (got []string) {
	t.Helper()
	for range 10_000 {
		s, err := d.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for {
			ev, err := s.Next()
			if err != nil {
				if _, ok := errors.AsType[*driver.Failure](err); !ok {
					t.Fatalf("%v is final", err)
				}
				break
			}
			if got = append(got, string(ev.Message.Payload)); got[len(got)-1] == last {
				s.Close()
				return got
			}
		}
		s.Close()
	}
	t.Fatal("the last message does not come")
	return nil
}

func resuming(t *testing.T, address string, notices *[]fantailv1.Notice) driver.Driver {
	t.Helper()
	d, err := ws.New(driver.Options{URL: address, Resume: true, Notice: func(n fantailv1.Notice) {
		if n.Kind != "hello" {
			*notices = append(*notices, n)
		}
	}}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestResumeAcrossCuts: wherever the connection is cut, each message comes once, in order.
func TestResumeAcrossCuts(t *testing.T) {
	const last = 2000
	rnd := rand.New(rand.NewPCG(1, 2))
	r := &fakeRelay{t: t, epoch: "aaaaaaaa", oldest: 1, last: last, cut: func(*websocket.Conn, uint64) bool { return rnd.IntN(20) == 0 }}
	var notices []fantailv1.Notice
	got := follow(t, resuming(t, r.serve()+"?last=5&key=k&snapshot=1", &notices), fmt.Sprint("message ", last))
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, text := range got {
		if want := fmt.Sprint("message ", i+1); text != want {
			t.Fatalf("message %d is %q, want %q", i, text, want)
		}
	}
	if len(got) != last || len(r.queries) < 50 || len(notices) != 0 {
		t.Errorf("%d messages over %d connections, notices %v", len(got), len(r.queries), notices)
	}
	if q := r.queries[0]; q.Encode() != "key=k&last=5&snapshot=1" {
		t.Errorf("first handshake with %v", q)
	}
	if q := r.queries[len(r.queries)-1]; len(q) != 2 || q.Get("key") != "k" || q.Get("since") == "" {
		t.Errorf("later handshake with %v, want the key and since alone", q)
	}
}

// TestResumeTellsGaps: the relay has not kept some messages, or is of another epoch.
func TestResumeTellsGaps(t *testing.T) {
	r := &fakeRelay{t: t, epoch: "aaaaaaaa", oldest: 1, last: 100}
	cuts := 0
	r.cut = func(_ *websocket.Conn, seq uint64) bool {
		switch {
		case seq == 10 && cuts == 0: // 9 came; the relay then drops 10 to 29
			r.oldest = 30
		case seq == 50 && cuts == 1:
			r.epoch, r.oldest = "bbbbbbbb", 60
		default:
			return false
		}
		cuts++
		return true
	}
	var notices []fantailv1.Notice
	got := follow(t, resuming(t, r.serve(), &notices), "message 100")
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(got) != 9+20+41 || got[9] != "message 30" || got[29] != "message 60" {
		t.Errorf("got %d: %q", len(got), got)
	}
	if len(notices) != 2 || notices[0] != (fantailv1.Notice{Kind: "gap", Missed: 20}) || notices[1] != (fantailv1.Notice{Kind: "gap", Unknown: true}) {
		t.Errorf("told %+v", notices)
	}
}

// TestResumeRaw: a relay without envelopes is resumed where its close frame says. After a
// cut a gap is told.
func TestResumeRaw(t *testing.T) {
	r := &fakeRelay{t: t, raw: true, epoch: "aaaaaaaa", oldest: 1, last: 30}
	step := 0
	r.cut = func(c *websocket.Conn, seq uint64) bool {
		switch {
		case step == 0 && seq == 11:
			c.Close(1001, "draining; resume="+r.at(10))
		case step == 1 && seq == 21:
			c.Close(4410, "gone; oldest="+r.at(15))
		case step == 2 && seq == 6: // cut
		default:
			return false
		}
		step++
		return true
	}
	var notices []fantailv1.Notice
	got := follow(t, resuming(t, r.serve(), &notices), "message 30")
	r.mu.Lock()
	defer r.mu.Unlock()
	want := []string{"", "since=aaaaaaaa-10", "", ""}
	for i, q := range r.queries {
		if q.Encode() != want[i] {
			t.Errorf("handshake %d with %q, want %q", i, q.Encode(), want[i])
		}
	}
	if len(got) != 20+5+30 || len(notices) != 2 || !notices[0].Unknown || !notices[1].Unknown {
		t.Errorf("%d messages, told %+v", len(got), notices)
	}
}

// TestResumeLeavesOtherServersAlone: a server that takes any subprotocol is no relay.
func TestResumeLeavesOtherServersAlone(t *testing.T) {
	address := feedtest.Serve(t, websocket.AcceptOptions{Subprotocols: []string{fantailv1.Subprotocol}}, func(c *websocket.Conn, _ *http.Request) {
		feedtest.Write(c, hub.Text, "not an envelope")
		feedtest.Stay(c)
	})
	var notices []fantailv1.Notice
	if got := follow(t, resuming(t, address, &notices), "not an envelope"); len(got) != 1 || len(notices) != 0 {
		t.Errorf("got %q, %v", got, notices)
	}
}

// TestResumeBounds: the bound is for the payload, not for its envelope. A message that is no
// envelope ends the connection.
func TestResumeBounds(t *testing.T) {
	for _, tt := range []struct {
		send   string
		reason driver.Reason
		word   string
		at     string // where the next connection resumes
	}{
		{`{"pos":"aaaaaaaa-1","data":"` + strings.Repeat(`\u0000`, 10) + `"}`, 0, "", "aaaaaaaa-1"},
		{`{"pos":"aaaaaaaa-1","data":"` + strings.Repeat(`x`, 11) + `"}`, 0, driver.DropTooLarge.String(), "aaaaaaaa-1"},
		{`{"pos":"aaaaaaaa-1","data":"` + strings.Repeat(`x`, 20<<10) + `"}`, driver.ReasonTooLarge, "Config.Messages.MaxMessage", "aaaaaaaa-1"},
		{`{"data":1}`, driver.ReasonLost, "no envelope", ""},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Fantail-Position", "aaaaaaaa-0")
			c, err := websocket.Accept(w, req, websocket.AcceptOptions{Subprotocols: []string{fantailv1.Subprotocol}})
			if err != nil {
				return
			}
			defer c.CloseNow()
			feedtest.Write(c, hub.Text, tt.send)
			feedtest.Stay(c)
		}))
		t.Cleanup(srv.Close)
		d, err := ws.New(driver.Options{URL: feedtest.WSURL(srv.URL), Resume: true, MaxMessage: 10}.WithDefaults())
		if err != nil {
			t.Fatal(err)
		}
		s := feedtest.Open(t, d)
		ev, err := s.Next()
		if tt.word == driver.DropTooLarge.String() {
			if err != nil || ev.Kind != driver.KindDropped || ev.Drop != driver.DropTooLarge {
				t.Errorf("got %+v, %v", ev, err)
			}
		} else if tt.word != "" {
			feedtest.WantFailure(t, err, tt.reason, tt.word)
		} else if err != nil || string(ev.Message.Payload) != strings.Repeat("\x00", 10) {
			t.Errorf("%v, %+v", err, ev)
		}
		if at := d.(driver.Resumer).Position(); at != tt.at {
			t.Errorf("%.40s: at %q", tt.send, at)
		}
		s.Close()
	}
}
