package relay

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/fantailv1"
)

// The rules ask about the origin first, then about the query, then about the policy.
// Only allowed pages are told what is wrong with a query.
func TestDecideInOrder(t *testing.T) {
	origins, err := newOriginPolicy([]string{"https://app.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	strict := rules{origins: origins, keyRequired: true}
	for _, tt := range []struct {
		origin, query string
		want          refusalReason
		sentence      string
	}{
		{"https://evil.test", "sinse=1&policy=skip", refusedOrigin, "origin"},
		{"https://app.example.com", "sinse=1&policy=skip", refusedQuery, "unknown parameter"},
		{"", "policy=skip&snapshot=1", refusedQuery, "key=<key>"},
		{"https://relay.example", "policy=skip&snapshot=1&key=a", refusedQuery, "keeps no snapshot"},
		{"", "policy=skip&key=a", refusedQuery, "cannot be told of gaps"},
	} {
		ask := request{format: formatRaw, origin: tt.origin, host: "relay.example"}
		ask.query, ask.badQuery = parseQuery(tt.query, "")
		_, refused := strict.decide(ask)
		if refused == nil || refused.reason != tt.want || !strings.Contains(refused.sentence, tt.sentence) {
			t.Errorf("%q with %q: %+v, want %v with %q", tt.origin, tt.query, refused, tt.want, tt.sentence)
		}
	}
}

// Compression is granted only if the operator wants it.
func TestDecideAboutCompression(t *testing.T) {
	offered := deflateParams{compress: true, fullWindow: true}
	for _, compression := range []bool{true, false} {
		g, refused := rules{compression: compression}.decide(request{deflate: offered})
		if want := (deflateParams{}); refused != nil || compression && g.deflate != offered || !compression && g.deflate != want {
			t.Errorf("compression %v: granted %+v, %+v", compression, g.deflate, refused)
		}
	}
}

// The value that a request is parsed into has all that the road asks for.
func TestParse(t *testing.T) {
	req := upgradeRequest("/ws?key=a&last=3")
	for name, value := range map[string]string{
		"Origin": "https://app.example.com", "X-Forwarded-For": "203.0.113.7", "Sec-WebSocket-Protocol": "other, " + fantailv1.Subprotocol,
		"Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover", "Last-Event-ID": "k3v9q2mx-7",
	} {
		req.Header.Set(name, value)
	}
	req.Host, req.RemoteAddr = "relay.example", "192.0.2.1:1234"
	trusted, err := newProxies([]string{"192.0.2.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{proxies: trusted}
	ask, refused := r.parse(req, webSocket{r})
	if refused != nil {
		t.Fatal(refused.sentence)
	}
	if ask.format != formatEnvelope || ask.deflate != (deflateParams{compress: true, noContext: true}) || ask.badQuery != nil ||
		ask.query.since.Seq != 7 || ask.query.last != 0 || !ask.query.filter.Match("a") ||
		ask.origin != "https://app.example.com" || ask.host != "relay.example" || ask.from != netip.MustParseAddr("203.0.113.7") || ask.name != "203.0.113.7" {
		t.Errorf("%+v", ask)
	}
	if direct, _ := new(Relay).parse(req, webSocket{}); direct.name != "192.0.2.1:1234" || direct.from != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("without proxies: %s from %v", direct.name, direct.from)
	}
	old := httptest.NewRequest("GET", "/sse", nil)
	old.ProtoMajor, old.ProtoMinor = 1, 0
	if ask, _ := r.parse(old, stream{r, formatSSE, formatSSEWhole}); ask.format != formatSSEWhole {
		t.Errorf("for HTTP/1.0: format %d", ask.format)
	}
}

// Wherever a client leaves the road, everything that was held for it is given back: its
// seat, and its lane, of which this hub has one.
func TestRoadGivesEverythingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(hub.Config{MaxLanes: 1, Backbone: true})
		defer h.Close()
		r, err := New(Config{Hub: h, Log: zerolog.Nop(), Limits: Limits{Clients: 1, ClientsPerIP: 1}})
		if err != nil {
			t.Fatal(err)
		}
		h.Source(false, 0)
		taken, err := h.Lane(r.encoders.plain[formatSSE], nil)
		if err != nil {
			t.Fatal(err)
		}
		ways := []struct {
			what string
			req  *http.Request
			conn net.Conn // nil: the connection cannot be taken over
			want refusalReason
		}{
			{"no lane", upgradeRequest("/ws?key=a"), nil, refusedFilters},
			{"behind", httptest.NewRequest("GET", "/sse?since=k3v9q2mx-5", nil), nil, refusedBehind},
			{"no handshake", upgradeRequest("/ws"), nil, refusedHandshake},
			{"no hijacking", httptest.NewRequest("GET", "/sse", nil), nil, refusedHandshake},
			{"a peer that is gone", httptest.NewRequest("GET", "/sse", nil), brokenConn{}, refusedHandshake},
		}
		for _, way := range ways {
			if way.what == "no handshake" { // it needs the lane of another format
				h.Release(taken)
			}
			var w http.ResponseWriter = httptest.NewRecorder()
			if way.conn != nil {
				w = takenOver{httptest.NewRecorder(), way.conn}
			}
			before := r.refusals[way.want].Load()
			r.Handler().ServeHTTP(w, way.req)
			if n := r.refusals[way.want].Load(); n != before+1 {
				t.Errorf("%s: %d refusals as %v, want one", way.what, n-before, way.want)
			}
			if r.clients.taken != 0 || len(r.clients.perIP) != 0 {
				t.Errorf("%s: %d seats are left taken", way.what, r.clients.taken)
			}
		}
		if lane, err := h.Lane(r.encoders.plain[formatRaw], nil); err != nil {
			t.Errorf("a lane is left reserved: %v", err)
		} else {
			h.Release(lane)
		}
		h.Close()
		theirs, ours := net.Pipe()
		go theirs.Read(make([]byte, 1<<10)) // the head; ends with the pipe
		r.Handler().ServeHTTP(takenOver{httptest.NewRecorder(), ours}, httptest.NewRequest("GET", "/sse", nil))
		if _, err := theirs.Write([]byte("x")); err == nil {
			t.Error("a closed hub leaves the connection open")
		}
		if r.clients.taken != 0 || r.joined[formatSSE].Load() != 0 {
			t.Errorf("a closed hub leaves %d seats taken, %d clients counted", r.clients.taken, r.joined[formatSSE].Load())
		}
	})
}

// brokenConn is a connection whose peer is gone.
type brokenConn struct{ net.Conn }

func (brokenConn) Write([]byte) (int, error)        { return 0, errors.New("broken") }
func (brokenConn) Read([]byte) (int, error)         { return 0, errors.New("broken") }
func (brokenConn) SetWriteDeadline(time.Time) error { return nil }
func (brokenConn) Close() error                     { return nil }

// A relay's hub stores frames, also if its configuration asks for another header, and a
// relay takes no other hub.
func TestHubStoresFrames(t *testing.T) {
	wrong := func(dst []byte, _ hub.Kind, _ int) []byte { return append(dst, "wrong"...) }
	_, h, addr := newTestRelay(t, hub.Config{Header: wrong}, Config{})
	p := join(t, addr, "/ws")
	publish(h, 0, 2, 100)
	p.want(1, numbered(0, 100))
	p.want(1, numbered(1, 100))
	for _, none := range []*Hub{nil, new(Hub)} {
		if _, err := New(Config{Hub: none}); err == nil || !strings.Contains(err.Error(), "NewHub") {
			t.Errorf("without a hub: %v", err)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Hub]()) {
		if field.IsExported() {
			t.Errorf("the field %s lets others put a Hub together", field.Name)
		}
	}
}
