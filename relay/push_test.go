package relay

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fantail/hub"
	"fantail/hub/peertest"
)

// taken holds the messages that a Take was given; fails is its answer.
type taken struct {
	all   []hub.Input
	fails error
}

func (k *taken) take(m []hub.Input) error {
	if k.fails == nil {
		k.all = append(k.all, m...)
	}
	return k.fails
}

func testToken() (string, error) { return "a token of the operator", nil }

func postTo(h http.Handler, method, target, token, contentType, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if token != "" {
		req.Header.Set("Authorization", token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

func TestPush(t *testing.T) {
	const good = "Bearer a token of the operator"
	for _, c := range []struct {
		about, method, target, token, contentType, body string
		fails                                           error
		status                                          int
		want                                            string // messages, with their keys
	}{
		{about: "one", token: good, body: "{\n}", status: 202, want: "[\"\" \"{\\n}\"]"},
		{about: "a key", target: "/push?key=a", token: good, body: "x", status: 202, want: `["a" "x"]`},
		{about: "lines", token: good, contentType: "application/x-ndjson; charset=utf-8", body: "1\n\n2\r\n3", status: 202, want: `["" "1" "" "2\r" "" "3"]`},
		{about: "GET", method: "GET", token: good, status: 405},
		{about: "no token", body: "x", status: 401},
		{about: "wrong token", token: "Bearer a token of the operatoR", body: "x", status: 401},
		{about: "longer token", token: good + "x", body: "x", status: 401},
		{about: "another scheme", token: "Basic a token of the operator", body: "x", status: 401},
		{about: "empty", token: good, status: 400},
		{about: "empty lines", token: good, contentType: "application/x-ndjson", body: "\n\n", status: 400},
		{about: "unknown parameter", target: "/push?kee=a", token: good, body: "x", status: 400},
		{about: "long key", target: "/push?key=" + strings.Repeat("k", hub.MaxKey+1), token: good, body: "x", status: 400},
		{about: "large body", token: good, body: strings.Repeat("x", 101), status: 413},
		{about: "large message", token: good, body: "x", fails: ErrTooLarge, status: 413},
		{about: "busy", token: good, body: "x", fails: fmt.Errorf("full: %w", ErrBusy), status: 503},
		{about: "another failure", token: good, body: "x", fails: errors.New("no feed"), status: 503},
	} {
		k := &taken{fails: c.fails}
		r, _, _ := newTestRelay(t, hub.Config{}, Config{Push: Push{Take: k.take, Token: testToken, MaxBody: 100}})
		if c.method == "" {
			c.method = "POST"
		}
		if c.target == "" {
			c.target = "/push"
		}
		rec := postTo(r.Handler(), c.method, c.target, c.token, c.contentType, c.body)
		var got []string
		for _, m := range k.all {
			got = append(got, m.Key, string(m.Payload))
		}
		if rec.Code != c.status || c.want != "" && fmt.Sprintf("%q", got) != c.want || c.want == "" && len(got) > 0 {
			t.Errorf("%s: %d %q, and took %q; want %d and %s", c.about, rec.Code, rec.Body, got, c.status, c.want)
		}
		for header, on := range map[string]int{"Allow": 405, "Www-Authenticate": 401, "Retry-After": 503} {
			if (rec.Header().Get(header) != "") != (c.status == on) {
				t.Errorf("%s: %s is %q", c.about, header, rec.Header().Get(header))
			}
		}
		if c.status == 405 && rec.Header().Get("Allow") != "POST" {
			t.Errorf("allowed is %s", rec.Header().Get("Allow"))
		}
	}
}

// TestPushWithoutToken: with a token that cannot be read nobody can push.
func TestPushWithoutToken(t *testing.T) {
	for _, token := range []func() (string, error){
		func() (string, error) { return "", nil },
		func() (string, error) { return "", errors.New("no such file") },
	} {
		r, _, _ := newTestRelay(t, hub.Config{}, Config{Push: Push{Take: new(taken).take, Token: token}})
		if rec := postTo(r.Handler(), "POST", "/push", "Bearer ", "", "x"); rec.Code != 401 {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	}
	r, _, _ := newTestRelay(t, hub.Config{}, Config{})
	if rec := postTo(r.Handler(), "POST", "/push", "", "", "x"); rec.Code != 404 {
		t.Errorf("a relay without push answers %d", rec.Code)
	}
}

// TestPushIsBoundedInMemory: bodies that dribble in do not pile up.
func TestPushIsBoundedInMemory(t *testing.T) {
	r, _, _ := newTestRelay(t, hub.Config{}, Config{})
	door := newPushHandler(r, Push{Take: new(taken).take, Token: testToken})
	srv := httptest.NewServer(door)
	t.Cleanup(srv.Close)
	post := func(body io.Reader) int {
		req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/push", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer a token of the operator")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	defer http.DefaultClient.CloseIdleConnections()
	statuses := make(chan int, pushAtOnce)
	var dribbles []*io.PipeWriter
	for range pushAtOnce {
		r, w := io.Pipe()
		dribbles = append(dribbles, w)
		go func() { statuses <- post(r) }() // ended by closing w
		io.WriteString(w, "x")              // taken by the client: the request is under way
	}
	peertest.Eventually(t, "all of them are being read", func() bool { return len(door.busy) == pushAtOnce })
	if status := post(strings.NewReader("y")); status != 503 {
		t.Errorf("one more was answered with %d", status)
	}
	for _, w := range dribbles {
		w.Close()
		if status := <-statuses; status != 202 {
			t.Errorf("a slow body was answered with %d", status)
		}
	}
}

func TestPushedLinesAreBounded(t *testing.T) {
	body := []byte(strings.Repeat("1\n", maxPushLines))
	if m, no := divide(body, "application/x-ndjson", ""); no != nil || len(m) != maxPushLines {
		t.Errorf("%d messages, %v", len(m), no)
	}
	if m, no := divide(append(body, '1'), "application/x-ndjson", ""); no == nil || no.reason != refusedTooLarge || m != nil {
		t.Errorf("%d messages, %v", len(m), no)
	}
}
